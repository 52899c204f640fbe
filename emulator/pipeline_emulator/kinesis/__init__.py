"""Kinesis: the emulator's own provider, and notifications of puts for pollers."""
