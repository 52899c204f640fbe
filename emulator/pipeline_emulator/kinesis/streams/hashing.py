"""Computes the hash key that selects a record's shard."""

import hashlib

from pipeline_emulator.kinesis.streams.errors import InvalidArgumentError
from pipeline_emulator.kinesis.streams.shard import Entry
from pipeline_emulator.kinesis.streams.topology import HASH_KEYS


def entry(data: bytes, partition_key: str, explicit_hash_key: str | None = None) -> Entry:
    """Return the entry to put, with the partition key's MD5 as hash key unless one is given.

    Raises:
        InvalidArgumentError: the explicit hash key is not below 2^128.
    """
    key = partition_key.encode()
    size = len(data) + len(key)
    if explicit_hash_key is None:
        digest = hashlib.md5(key, usedforsecurity=False).digest()
        return Entry(int.from_bytes(digest), partition_key, data, size)
    if (hash_key := int(explicit_hash_key)) >= HASH_KEYS:
        raise InvalidArgumentError(
            f"Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. "
            f"Specified value was {explicit_hash_key}"
        )
    return Entry(hash_key, partition_key, data, size)
