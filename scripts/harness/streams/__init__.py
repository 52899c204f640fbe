"""Puts records on a Kinesis stream and reads a stream to its end, locally or on AWS."""

from harness.streams.reader import Read, Reader
from harness.streams.writer import MAX_RECORDS, Put, put

__all__ = ["MAX_RECORDS", "Put", "Read", "Reader", "put"]
