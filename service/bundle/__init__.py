"""Builds the function's Zip archive. Not part of the function."""
