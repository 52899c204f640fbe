"""The test suites and static checks."""
