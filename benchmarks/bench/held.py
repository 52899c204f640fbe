"""Milliseconds per PutRecords of 500 events, by the number of records already in the stream."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from benchmarks.bench import figures, latency
from benchmarks.bench.figures import Figure
from harness import events
from harness.console import Step
from harness.stack import mapping
from harness.stack.clients import Clients
from harness.stack.state import Stack
from harness.streams import MAX_RECORDS

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient

LEVELS = (0, 10_000, 100_000, 1_000_000)
ROUNDS, CALLS = 3, 5  # per level; together fewer records than the step to the next level
ROUND_SECONDS = 5.0
FILL_SECONDS = 30.0  # per level
MAPPING_SECONDS = 30.0
UNIT = "ms"


def key(level: int) -> str:
    """The figure's name in the report."""
    return f"put_500_at_{level}"


def put_records(stack: Stack, step: Step) -> dict[str, Figure]:
    """Fills a stream that nothing reads, and times calls along the way.

    Disables the mapping first, because an emulator's backlog would distort the measurement.
    """
    kinesis = Clients(stack).kinesis
    made = [
        {"Data": data, "PartitionKey": partition_key} for data, partition_key in events.made_up(stack, 20 * MAX_RECORDS)
    ]
    batches = itertools.cycle([list(batch) for batch in itertools.batched(made, MAX_RECORDS, strict=True)])
    found: dict[str, Figure] = {}
    held = 0
    _switch_mapping_off(stack)
    with latency.scratch_stream(kinesis) as name:

        def put() -> float:
            nonlocal held
            started = time.perf_counter()
            answer = kinesis.put_records(StreamName=name, Records=next(batches))  # type: ignore[arg-type]
            took = (time.perf_counter() - started) * 1000
            held += MAX_RECORDS - answer.get("FailedRecordCount", 0)
            return took

        first: str | None = None
        for level in LEVELS:
            end = time.monotonic() + FILL_SECONDS
            while held < level and time.monotonic() < end:
                put()
                step.note(f"{held:,} records held")
            late = f"deadline of {FILL_SECONDS:.0f} s: at {held:,} records held" if held < level else ""
            rounds = [_timed(put) for _ in range(ROUNDS)]
            first = first or _oldest(kinesis, name)
            trimmed = "" if _oldest(kinesis, name) == first else "the stream holds fewer: records were trimmed"
            found[key(level)] = figures.of_samples(rounds, 0.5, UNIT, late or trimmed)
            if late:
                more = (rest for rest in LEVELS if rest > level)
                return found | {key(rest): figures.unmeasured(UNIT, f"{level:,} took too long") for rest in more}
    return found


def _timed(put: Callable[[], float]) -> list[float]:
    """One round of calls, at least one."""
    end = time.monotonic() + ROUND_SECONDS
    return [put(), *(put() for _ in range(CALLS - 1) if time.monotonic() < end)]


def _oldest(kinesis: KinesisClient, stream: str) -> str:
    """The sequence number of the oldest record in the first shard, which must not be empty."""
    shard = kinesis.list_shards(StreamName=stream)["Shards"][0]["ShardId"]
    where = kinesis.get_shard_iterator(StreamName=stream, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    return kinesis.get_records(ShardIterator=where["ShardIterator"], Limit=1)["Records"][0]["SequenceNumber"]


def _switch_mapping_off(stack: Stack) -> None:
    client = Clients(stack).functions
    uuid = mapping.uuid(stack)
    client.update_event_source_mapping(UUID=uuid, Enabled=False)
    end = time.monotonic() + MAPPING_SECONDS
    while client.get_event_source_mapping(UUID=uuid)["State"] != "Disabled" and time.monotonic() < end:
        time.sleep(0.2)
