"""Kinesis data streams in memory: pure Python, without LocalStack, with the clock as a parameter."""
