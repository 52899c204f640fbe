"""Runs a stack on this machine, as processes or in containers."""
