"""Kinesis in the emulator: what kinesis-local and core leave out, and news of puts for pollers."""
