"""The suite's function: records each invocation in S3, then follows the instructions in the records' data.

A record's data is JSON: `{"id": ..., "do": "fail" | "report" | "respond" | "sleep", ...}`; without `do` it succeeds.
`{"do": "fail", "until": "name"}` fails until the bucket holds the object `switch/<stream>/name`. It needs only AWS's
managed runtime and keeps no state, because a tool may start a new process for each invocation.
"""

import json
import os
import time
import uuid
from base64 import b64decode
from typing import Any

import boto3

S3 = boto3.client("s3")
BUCKET = os.environ["JOURNAL_BUCKET"]
NOTED_BYTES = 100_000


def handler(event: dict[str, Any], _context: object) -> Any:
    """Record the batch, then fail, report, respond or sleep."""
    stream = event["Records"][0]["eventSourceARN"].rpartition("/")[2]
    key = f"journal/{stream}/{time.time():020.6f}-{uuid.uuid4()}.json"
    items = [json.loads(b64decode(record["kinesis"]["data"])) for record in event["Records"]]
    payload_bytes = len(json.dumps(event))
    entry = {"started": time.time(), "ids": [item["id"] for item in items], "payload_bytes": payload_bytes}
    if payload_bytes < NOTED_BYTES:
        entry["event"] = event
    note(key, entry)
    response = act(stream, items, event["Records"])
    note(key, entry | {"ended": time.time()})
    return response


def act(stream: str, items: list[dict[str, Any]], records: list[dict[str, Any]]) -> Any:
    """Follow the instructions in the records' data and return the response."""
    failures = []
    response = None
    for item, record in zip(items, records, strict=True):
        action = item.get("do")
        if action == "fail" and not ("until" in item and is_set(f"switch/{stream}/{item['until']}")):
            raise RuntimeError(f"record {item['id']} fails")
        if action == "sleep":
            time.sleep(item["seconds"])
        if action == "report":
            failures.append({"itemIdentifier": record["kinesis"]["sequenceNumber"]})
        if action == "respond":
            response = item
    return {"batchItemFailures": failures} if response is None else response["response"]


def is_set(key: str) -> bool:
    """Return whether the bucket holds the object."""
    return "Contents" in S3.list_objects_v2(Bucket=BUCKET, Prefix=key)


def note(key: str, entry: dict[str, Any]) -> None:
    """Write an entry of the journal."""
    S3.put_object(Bucket=BUCKET, Key=key, Body=json.dumps(entry).encode())
