"""Puts records, except those that KINESIS_ERROR_PROBABILITY or a hook refuses."""

from collections.abc import Sequence
from itertools import compress
from random import random

from localstack import config

from pipeline_emulator.kinesis import hooks
from pipeline_emulator.kinesis.streams.shard import Entry
from pipeline_emulator.kinesis.streams.stream import Placed, Stream
from pipeline_emulator.kinesis.streams.streams import Streams


def place(streams: Streams, stream: Stream, entries: Sequence[Entry]) -> list[Placed]:
    """Put entries and return where each went; the number is None if the entry was refused as throttled."""
    admitted = _admitted(stream, len(entries))
    if all(admitted):
        return streams.put(stream, list(entries))
    placed = iter(streams.put(stream, list(compress(entries, admitted))) if any(admitted) else ())
    return [
        next(placed) if is_admitted else Placed(stream.topology.route(entry.hash_key).shard_id, None)
        for entry, is_admitted in zip(entries, admitted, strict=True)
    ]


def _admitted(stream: Stream, count: int) -> list[bool]:
    if random() < config.KINESIS_ERROR_PROBABILITY:  # noqa: S311 - a simulated error rate, not a secret
        return [False] * count
    return hooks.admit_records(stream, count) or [True] * count
