"""Counts what was acknowledged, in a file besides the database, so that losses are noticed.

SQLite ignores a write-ahead log that is missing, and reads a damaged one up to the first damage. All of that is
consistent, only older. This file has each shard's counter after its last acknowledged put. It is a fixed-size slot that
is overwritten in place: a microsecond per put, and no room needed on a full disk.
"""

import logging
import os
import struct
import threading
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path

LOG = logging.getLogger(__name__)

SUFFIX = "-acknowledged"
IDENTITY_BYTES = 16
_MAGIC = b"KINESIS1"
_HEADER = struct.Struct(f"<8s{IDENTITY_BYTES}sI4x")
_COUNTS = struct.Struct("<QQ")  # a shard's creation time in microseconds, and its counter
_SLOT = struct.Struct("<QQI12x")  # the same with a checksum; its size divides a page, so no write is torn
_EMPTY = bytes(_SLOT.size)
_SLOTS_PER_BLOCK = 128


def read(path: Path) -> tuple[bytes, dict[int, int]] | None:
    """Return the database's identity and the counters by shard, or None if the file is missing or damaged."""
    try:
        content = path.read_bytes()
        magic, identity, checksum = _HEADER.unpack_from(content)
    except (OSError, struct.error):
        return None
    slots = content[_HEADER.size :]
    if magic != _MAGIC or checksum != zlib.crc32(identity) or len(slots) % _SLOT.size:
        return None
    counters = {}
    for created, counter, found in _SLOT.iter_unpack(slots):
        if found != (zlib.crc32(_COUNTS.pack(created, counter)) if created else 0):
            return None
        if created:
            counters[created] = counter
    return identity, counters


class Acknowledged:
    """The file of a running LocalStack. Thread-safe; calls for one shard are made in order.

    It is a help, not a condition: if it cannot be written, that is logged, and puts go on.
    """

    def __init__(self, path: Path, identity: bytes, counters: Mapping[int, int]) -> None:
        """Replace the file by one with these counters, for the database of this identity."""
        self._path = path
        self._lock = threading.Lock()
        self._slots: dict[int, int] = {}
        self._free: list[int] = []
        self._end = _HEADER.size
        self._warned = False
        unfinished = path.with_name(f"{path.name}.unfinished")
        self._file = os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        self._write(_HEADER.pack(_MAGIC, identity, zlib.crc32(identity)), 0)
        self.add(counters)
        for created, counter in counters.items():
            self.set(created, counter)
        os.replace(unfinished, path)

    def add(self, shards: Iterable[int]) -> None:
        """Watch shards, given by their creation times."""
        with self._lock:
            for created in shards:
                if not self._free and not self._extend():
                    return
                self._slots[created] = self._free.pop()
                self.set(created, 0)

    def remove(self, shards: Iterable[int]) -> None:
        """Stop watching shards, because they are about to be deleted."""
        with self._lock:
            for created in shards:
                if (slot := self._slots.pop(created, None)) is not None:
                    self._write(_EMPTY, slot)
                    self._free.append(slot)

    def set(self, created: int, counter: int) -> None:
        """Note a shard's counter after a put. Shards that are not watched are ignored."""
        if (slot := self._slots.get(created)) is not None:
            counts = _COUNTS.pack(created, counter)
            self._write(_SLOT.pack(created, counter, zlib.crc32(counts)), slot)

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def _extend(self) -> bool:
        size = _SLOTS_PER_BLOCK * _SLOT.size
        if not self._write(bytes(size), self._end):
            return False
        self._free += range(self._end + size - _SLOT.size, self._end - 1, -_SLOT.size)
        self._end += size
        return True

    def _write(self, content: bytes, offset: int) -> bool:
        try:
            written = os.pwrite(self._file, content, offset) == len(content)
        except OSError as error:
            reason = error.strerror
        else:
            if written:
                return True
            reason = "no space left"
        if not self._warned:
            self._warned = True
            LOG.warning("%s cannot be written: %s. A later loss of records may go unnoticed.", self._path, reason)
        return False
