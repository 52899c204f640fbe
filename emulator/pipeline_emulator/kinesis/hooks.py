"""What observers can learn of streams, and decide about requests. Times are in seconds since the epoch."""

from collections.abc import Sequence
from typing import Literal

from pipeline_emulator.hooks import Event, Question
from pipeline_emulator.kinesis.streams.shard import Chunk
from pipeline_emulator.kinesis.streams.stream import Placed, Stream

Put = Literal["PutRecord", "PutRecords"]

records_put: Event[Stream, Put, float, float, Sequence[int], Sequence[Placed]] = Event()
"""A put was carried out: its begin and end, the sizes of its records and where they went."""

records_read: Event[Stream, str, float, float, Chunk] = Event()
"""A shard was read: its id, begin and end of the read, and what came of it."""

read_throttled: Event[Stream, str, float] = Event()
"""A read of a shard was refused at a time, for the shard's limits."""

admit_records: Question[[Stream, int], list[bool]] = Question()
"""Which of so many records a put may write; the others are refused as throttled."""

refuse_operation: Question[[str, str], tuple[str, str]] = Question()
"""Code and message of the error that an in-process operation (`kinesis:Name`) on a stream's ARN is refused with."""
