"""Faults injected on request, to see what a pipeline does with them; nothing of this is in the deployed function."""
