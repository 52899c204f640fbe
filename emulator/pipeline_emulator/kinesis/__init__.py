"""Kinesis in the emulator: a provider of its own, mends for kinesis-local, and news of puts for pollers."""
