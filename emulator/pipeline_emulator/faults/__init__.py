"""Injects faults on request, to test how a pipeline handles them. None of this is in the deployed function."""
