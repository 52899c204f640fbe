"""Measures an invocation of the function on this machine's stack, from Lambda's own reports."""

from __future__ import annotations

import base64
import json
import re
import statistics
from typing import TYPE_CHECKING, Any

from harness import events
from harness.capacity.plan import Function, fitting_batch
from harness.errors import HarnessError
from harness.stack import mapping
from harness.stack.clients import Clients
from harness.stack.state import Stack

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

REPORT = re.compile(r"\tDuration: ([\d.]+) ms\t.*?Max Memory Used: (\d+) MB")
WARM_UP, ROUNDS = 2, 9


def function_of(stack: Stack, batch_size: int, record_bytes: int) -> Function:
    """Invoke the function with batches of one event and of the mapping's size, and read the reported durations.

    The answers go to the stack's output stream, with event ids of a shard that does not exist.

    Raises:
        HarnessError: an invocation failed, or its report is missing.
    """
    client, name = Clients(stack).functions, stack.resources.function
    source = mapping.of(stack)["EventSourceArn"]
    size = fitting_batch(batch_size, record_bytes)
    made = events.made_up(stack, max(2, size))

    def timed(count: int) -> tuple[float, float]:
        batch = {"Records": [_record(source, number, *made[number]) for number in range(count)]}
        found = [_reported(client, name, batch) for _ in range(WARM_UP + ROUNDS)][WARM_UP:]
        return statistics.median(duration for duration, _ in found), max(memory for _, memory in found)

    one, _ = timed(1)
    many, peak = timed(size)
    if size == 1:
        return Function(one, 0.0, peak, f"measured on stack {stack.name}")
    each = max(0.0, many - one) / (size - 1)
    return Function(one, each, peak, f"measured on stack {stack.name} with batches of 1 and {size}")


def _reported(client: LambdaClient, name: str, batch: dict[str, Any]) -> tuple[float, float]:
    """Invoke once; return milliseconds and MB as in the REPORT line."""
    answer = client.invoke(FunctionName=name, Payload=json.dumps(batch).encode(), LogType="Tail")
    tail = base64.b64decode(answer.get("LogResult", "")).decode("utf-8", "replace")
    if answer.get("FunctionError"):
        said = answer["Payload"].read().decode("utf-8", "replace")[:300]
        raise HarnessError(f"the function failed with made-up events: {said}", "read its log: make local-logs")
    found = REPORT.search(tail)
    if found is None:
        raise HarnessError(
            f"the log of an invocation of {name} has no REPORT line",
            "give the milliseconds of a full batch yourself: DURATION_MS=…",
        )
    return float(found[1]), float(found[2])


def _record(source: str, number: int, data: bytes, partition_key: str) -> dict[str, Any]:
    sequence = f"{49_660_000_000_000_000_000_000_000_000_000_000_000_000_000_000_000_000_000 + number}"
    return {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": partition_key,
            "sequenceNumber": sequence,
            "data": base64.b64encode(data).decode(),
            "approximateArrivalTimestamp": 1766620800.25,
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"shardId-capacity:{sequence}",
        "eventName": "aws:kinesis:record",
        "eventSourceARN": source,
    }
