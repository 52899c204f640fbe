"""Several processes that put records at a given rate, spread evenly over a stream's shards.

python producers.py STREAM SHARDS RECORDS_PER_SECOND RECORD_BYTES SECONDS SHARDS_USED: one of them; prints JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Any

PROCESSES = 3
TICK = 0.1  # seconds between two calls of PutRecords
HASH_KEYS = 2**128


@dataclass(frozen=True)
class Puts:
    """What all processes put together: records accepted, records throttled, seconds of the slowest."""

    accepted: int
    throttled: int
    seconds: float


def put(
    environment: dict[str, str], stream: str, shards: int, rate: float, size: int, seconds: float, used: int = 0
) -> Puts:
    """Put records from `PROCESSES` processes.

    Args:
        environment: endpoint, region and keys.
        stream: its name.
        shards: of the stream, evenly split.
        rate: records per second, of all processes together.
        size: bytes of a record.
        seconds: how long.
        used: number of shards that get records; 0 for all.
    """
    words = [stream, str(shards), str(rate / PROCESSES), str(size), str(seconds), str(used or shards)]
    command = [sys.executable, __file__, *words]
    started = [
        subprocess.Popen(command, env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True)
        for _ in range(PROCESSES)
    ]
    found = [json.loads(process.communicate(timeout=seconds + 60)[0]) for process in started]
    return Puts(
        sum(one["accepted"] for one in found),
        sum(one["throttled"] for one in found),
        max(one["seconds"] for one in found),
    )


def _records(number: int, count: int, shards: int, size: int, used: int) -> list[dict[str, Any]]:
    """Records of consecutive numbers, each for the next of the used shards."""
    return [
        {
            "Data": b"x" * (size - 1),
            "PartitionKey": "k",
            "ExplicitHashKey": str((2 * (one % used) + 1) * HASH_KEYS // (2 * shards)),
        }
        for one in range(number, number + count)
    ]


def _main(stream: str, shards: int, rate: float, size: int, seconds: float, used: int) -> dict[str, Any]:
    import boto3
    from botocore.config import Config

    kinesis: Any = boto3.client("kinesis", config=Config(retries={"total_max_attempts": 1, "mode": "standard"}))
    kinesis.describe_limits()  # connects
    done = accepted = throttled = 0
    started = time.monotonic()
    while (passed := time.monotonic() - started) < seconds:
        due = min(500, int(rate * passed) - done)
        if due > 0:
            answer = kinesis.put_records(StreamName=stream, Records=_records(done, due, shards, size, used))
            codes = {result.get("ErrorCode") for result in answer["Records"]}
            assert codes <= {None, "ProvisionedThroughputExceededException"}, codes
            throttled += answer["FailedRecordCount"]
            accepted += due - answer["FailedRecordCount"]
            done += due
        time.sleep(max(0.0, TICK - (time.monotonic() - started - passed)))
    return {"accepted": accepted, "throttled": throttled, "seconds": time.monotonic() - started}


if __name__ == "__main__":
    name, *numbers = sys.argv[1:]
    count, each, size_of, long, used_of = map(float, numbers)
    print(json.dumps(_main(name, int(count), each, int(size_of), long, int(used_of))))
