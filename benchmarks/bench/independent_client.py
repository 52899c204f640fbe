"""A client as anybody would write it: boto3 only, in a process of its own, with no knowledge of the emulator.

Two threads put the events in batches of 500, two read a shard each until every answer is there. Input, as JSON: the
endpoint, the region, the names of both streams, the events and the seconds it may take. Prints the seconds from the
first put to the last answer, or null if answers are missing.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import batched
from typing import Any

import boto3

BATCH, WRITERS = 500, 2
_PAUSE = 0.01


class _Answers:
    """The distinct answers read so far. Thread-safe."""

    def __init__(self, wanted: int) -> None:
        self._wanted, self._lock, self._found = wanted, threading.Lock(), set[bytes]()
        self.last: float | None = None

    def take(self, records: list[Any]) -> None:
        with self._lock:
            self._found |= {record["Data"] for record in records}
            if len(self._found) >= self._wanted and self.last is None:
                self.last = time.perf_counter()


def run(task: dict[str, Any]) -> float | None:
    """Put all events and wait for their answers; return the seconds it took, or None if some are missing."""
    session = boto3.session.Session("test", "test", region_name=task["region"])
    kinesis = session.client("kinesis", endpoint_url=task["endpoint"])
    answers = _Answers(len(task["events"]))
    shards = kinesis.list_shards(StreamName=task["output"])["Shards"]
    starts = [_latest(kinesis, task["output"], shard["ShardId"]) for shard in shards]
    batches = [list(batch) for batch in batched(task["events"], BATCH, strict=False)]
    with ThreadPoolExecutor(len(shards) + WRITERS) as pool:
        started = time.perf_counter()
        end = started + task["seconds"]
        readers = [pool.submit(_read, kinesis, start, answers, end) for start in starts]
        for writer in [pool.submit(_put, kinesis, task["source"], batches[part::WRITERS]) for part in range(WRITERS)]:
            writer.result()
        for reader in readers:
            reader.result()
    return None if answers.last is None else answers.last - started


def _latest(kinesis: Any, stream: str, shard: str) -> str:
    """An iterator at the shard's end, as the first read sees it."""
    at = kinesis.get_shard_iterator(StreamName=stream, ShardId=shard, ShardIteratorType="LATEST")["ShardIterator"]
    return str(kinesis.get_records(ShardIterator=at)["NextShardIterator"])


def _put(kinesis: Any, stream: str, batches: list[list[list[str]]]) -> None:
    for batch in batches:
        left = [{"Data": data, "PartitionKey": key} for data, key in batch]
        while left:
            results = kinesis.put_records(StreamName=stream, Records=left)["Records"]
            left = [record for record, result in zip(left, results, strict=True) if "ErrorCode" in result]


def _read(kinesis: Any, at: str, answers: _Answers, end: float) -> None:
    while answers.last is None and time.perf_counter() < end:
        found = kinesis.get_records(ShardIterator=at)
        answers.take(found["Records"])
        at = found["NextShardIterator"]
        if not found["Records"]:
            time.sleep(_PAUSE)


if __name__ == "__main__":
    json.dump(run(json.load(sys.stdin)), sys.stdout)
