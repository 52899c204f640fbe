"""Puts records on a Kinesis stream and reads a stream to its end, here as on AWS."""

from harness.streams.putting import Put, put
from harness.streams.reading import Read, Reader

__all__ = ["Put", "Read", "Reader", "put"]
