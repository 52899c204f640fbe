"""Kinesis in the emulator: a provider of its own, and news of puts for pollers."""
