"""Runs the test suites and the static checks."""
