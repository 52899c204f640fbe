"""Puts records, except those that LocalStack's setting or a hook refuses."""

from collections.abc import Sequence
from itertools import compress
from random import random

from localstack import config

from pipeline_emulator.kinesis import hooks
from pipeline_emulator.kinesis.streams.shard import Entry
from pipeline_emulator.kinesis.streams.stream import Placed, Stream
from pipeline_emulator.kinesis.streams.streams import Streams


def place(streams: Streams, stream: Stream, entries: Sequence[Entry]) -> list[Placed]:
    """Return where each entry went, with the number None where it was refused as throttled."""
    taken = _taken(stream, len(entries))
    if all(taken):
        return streams.put(stream, list(entries))
    placed = iter(streams.put(stream, list(compress(entries, taken))) if any(taken) else ())
    return [
        next(placed) if is_taken else Placed(stream.topology.route(entry.hash_key).shard_id, None)
        for entry, is_taken in zip(entries, taken, strict=True)
    ]


def _taken(stream: Stream, count: int) -> list[bool]:
    if random() < config.KINESIS_ERROR_PROBABILITY:  # noqa: S311 - LocalStack's own setting, no secret
        return [False] * count
    return hooks.admit_records(stream, count) or [True] * count
