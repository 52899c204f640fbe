"""Reads streams with a Kinesis Client Library and prints events, one JSON object per line.

usage: consume.py POLLING|FANOUT STREAM…; stops in order when its standard input closes.
"""

import functools
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from kcl_rs import RecordProcessorBase, Scheduler


def report(event: str, **details: Any) -> None:
    """Print one event in a single write: every shard has its own thread."""
    sys.stdout.write(json.dumps({"event": event, **details}) + "\n")
    sys.stdout.flush()


class Processor(RecordProcessorBase):  # type: ignore[misc]
    """Reports the records of one shard and checkpoints each batch."""

    def __init__(self, stream: str) -> None:
        self.stream = stream

    def initialize(self, initialize_input: Any) -> None:
        self.shard = initialize_input.shard_id
        report("initialized", stream=self.stream, shard=self.shard)

    def process_records(self, process_records_input: Any) -> None:
        for record in process_records_input.records:
            report(
                "record",
                stream=self.stream,
                shard=self.shard,
                key=record.partition_key,
                data=record.data.decode(),
                number=record.sequence_number,
                within=record.sub_sequence_number,
            )
        process_records_input.checkpointer.checkpoint()

    def lease_lost(self, lease_lost_input: Any) -> None:
        report("lost", stream=self.stream, shard=self.shard)

    def shard_ended(self, shard_ended_input: Any) -> None:
        shard_ended_input.checkpointer.checkpoint()
        report("ended", stream=self.stream, shard=self.shard)

    def shutdown_requested(self, shutdown_requested_input: Any) -> None:
        shutdown_requested_input.checkpointer.checkpoint()


mode, *streams = sys.argv[1:]
schedulers = [
    Scheduler(
        stream_name=stream,
        application_name=f"{stream}-{mode}",
        record_processor_factory=functools.partial(Processor, stream),
        initial_position="TRIM_HORIZON",
        retrieval_mode=mode,
        shard_sync_interval_millis=1000,
        **({"idle_time_between_reads_millis": 200} if mode == "POLLING" else {}),
    )
    for stream in streams
]
for scheduler in schedulers:
    scheduler.start()
sys.stdin.read()
with ThreadPoolExecutor() as pool:
    list(pool.map(Scheduler.shutdown, schedulers))
