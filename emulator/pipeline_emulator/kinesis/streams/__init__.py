"""Kinesis data streams in memory: pure Python, independent of LocalStack, with an injected clock."""
