"""Helpers shared by the service's tests; not part of the function."""
