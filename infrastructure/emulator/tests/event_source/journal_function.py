"""The function of the integration tests: notes each invocation in S3, then does what the records' data tell it.

A record's data is JSON: `{"id": ..., "do": "fail" | "report" | "respond" | "sleep", ...}`; without `do` it succeeds.
`{"do": "fail", "times": 2}` fails twice.
"""

import json
import os
import time
import uuid
from base64 import b64decode
from collections import Counter
from typing import Any

import boto3

S3 = boto3.client("s3")
NOTED_BYTES = 100_000
attempts: Counter[tuple[str, Any]] = Counter()


def handler(event: dict[str, Any], _context: object) -> Any:
    """Note the batch, then fail, report, respond or sleep."""
    stream = event["Records"][0]["eventSourceARN"].rpartition("/")[2]
    key = f"journal/{stream}/{time.time():020.6f}-{uuid.uuid4()}.json"
    items = [json.loads(b64decode(record["kinesis"]["data"])) for record in event["Records"]]
    entry = {"started": time.time(), "ids": [item["id"] for item in items]}
    if len(items) * len(str(items[0])) < NOTED_BYTES:
        entry["event"] = event
    note(key, entry)
    response = act(stream, items, event["Records"])
    note(key, entry | {"ended": time.time()})
    return response


def act(stream: str, items: list[dict[str, Any]], records: list[dict[str, Any]]) -> Any:
    """Do what the records' data say and return the response."""
    failures = []
    response = None
    for item, record in zip(items, records, strict=True):
        action = item.get("do")
        attempts[stream, item["id"]] += 1
        if action == "fail" and attempts[stream, item["id"]] <= item.get("times", float("inf")):
            raise RuntimeError(f"record {item['id']} fails")
        if action == "sleep":
            time.sleep(item["seconds"])
        if action == "report":
            failures.append({"itemIdentifier": record["kinesis"]["sequenceNumber"]})
        if action == "respond":
            response = item["response"]
    return {"batchItemFailures": failures} if response is None else response


def note(key: str, entry: dict[str, Any]) -> None:
    """Write an entry of the journal."""
    S3.put_object(Bucket=os.environ["JOURNAL_BUCKET"], Key=key, Body=json.dumps(entry).encode())
