"""Puts records on a Kinesis stream and reads a stream to its end, here as on AWS."""

from harness.streams.putting import MAX_RECORDS, Put, put
from harness.streams.reading import Read, Reader

__all__ = ["MAX_RECORDS", "Put", "Read", "Reader", "put"]
