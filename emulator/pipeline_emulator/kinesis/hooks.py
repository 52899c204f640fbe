"""Hooks of streams: events to observe and decisions about requests. Times are in seconds since the epoch."""

from collections.abc import Sequence
from typing import Literal

from pipeline_emulator.hooks import Event, Question
from pipeline_emulator.kinesis.streams.shard import Chunk
from pipeline_emulator.kinesis.streams.stream import Placed, Stream

Put = Literal["PutRecord", "PutRecords"]

records_put: Event[Stream, Put, float, float, Sequence[int], Sequence[Placed]] = Event()
"""A put has finished: operation, start, end, sizes of its records in bytes, and where each record went."""

records_read: Event[Stream, str, float, float, Chunk] = Event()
"""A shard was read: shard id, start, end, and the result."""

read_throttled: Event[Stream, str, float] = Event()
"""A read was throttled: shard id and time."""

admit_records: Question[[Stream, int], list[bool]] = Question()
"""Decides for each of a put's records (their number is given) whether it is written or refused as throttled."""

refuse_operation: Question[[str, str], tuple[str, str]] = Question()
"""Refuses an in-process operation (`kinesis:Name`) on a stream (ARN) with an error: code and message."""
