"""Runs other projects' public test suites against our emulator."""
