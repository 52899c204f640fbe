"""Measures the function's own code in a process with nothing but its Zip and Lambda's runtime; prints JSON.

python function_process.py BATCH_SIZE SECONDS ROUNDS < events, one JSON object a line. Run by `handler`, never imported.
"""

import base64
import itertools
import json
import resource
import sys
import time
from pathlib import Path
from typing import Any


class Context:
    """Lambda's context object, with a minute left."""

    aws_request_id = "bench"

    def get_remaining_time_in_millis(self) -> int:
        """Return a minute."""
        return 60_000


class Stream:
    """A client of Kinesis that accepts everything at once."""

    def put_records(self, StreamName: str, Records: list[Any]) -> dict[str, Any]:  # noqa: ARG002
        """Answer as Kinesis does."""
        return {"FailedRecordCount": 0, "Records": [{"SequenceNumber": "1", "ShardId": "shardId-0"}] * len(Records)}


def batches(events: list[str], size: int) -> list[dict[str, Any]]:
    """Return the events in Lambda's form, in batches of this size; the last is left out if it is smaller."""
    records = [
        {
            "kinesis": {
                "kinesisSchemaVersion": "1.0",
                "partitionKey": str(number),
                "sequenceNumber": str(49_660_000_000_000_000_000_000 + number),
                "data": base64.b64encode(event.strip().encode()).decode(),
                "approximateArrivalTimestamp": 1766620800.25,
            },
            "eventID": f"shardId-000000000001:{49_660_000_000_000_000_000_000 + number}",
            "eventSourceARN": "arn:aws:kinesis:ap-south-1:000000000000:stream/bench",
        }
        for number, event in enumerate(events)
    ]
    parts = itertools.batched(records, size, strict=False)
    return [{"Records": list(part)} for part in parts if len(part) == size]


def rate(process: Any, given: list[dict[str, Any]], seconds: float) -> float:
    """Return records per second of CPU time, of which at least this much: others on the machine do not matter much."""
    done, started = 0, time.process_time()
    for batch in itertools.cycle(given):
        process(batch, Context())
        done += len(batch["Records"])
        if (spent := time.process_time() - started) >= seconds:
            return done / spent
    raise AssertionError("there is no batch")


def peak_mib() -> float:
    """Return the most memory of this process. `ru_maxrss` counts the program that started it, too."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:  # not Linux
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")) / 1024


def main(size: int, seconds: float, rounds: int) -> dict[str, Any]:
    """Time the start with one event, written to the real stream, and then many batches without the network."""
    given = batches(sys.stdin.readlines(), size)
    started = time.perf_counter()
    from store_sales.handler import lambda_handler

    lambda_handler({"Records": given[0]["Records"][:1]}, Context())
    init = time.perf_counter() - started
    lambda_handler(given[0], Context())
    peak = peak_mib()
    rates = [rate(_offline(), given, seconds) for _ in range(rounds)] if rounds else []
    return {"init": init, "peak_mib": peak, "rates": rates}


def _offline() -> Any:
    """Return the function's handler with the same model and a stream without a network."""
    import store_sales.handler as function
    from store_sales.calls import Clients
    from store_sales.output import StreamWriter
    from store_sales.processor import Processor

    clients: Any = Clients(lambda _: Stream())
    live = function._processor
    return Processor(live._model, StreamWriter(clients, "bench"), live._failures).process


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]))))
