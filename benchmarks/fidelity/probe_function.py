"""The function that probes invoke: sleeps, allocates memory, reports on itself, or stores the batches that it gets."""

import json
import os
import platform
import time
import uuid
from typing import Any

import boto3


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Do what the event says."""
    if "Records" in event:
        key = f"{os.environ['STREAM_OF_PROBE']}/{uuid.uuid4()}"
        boto3.client("s3").put_object(Bucket=os.environ["BUCKET_OF_PROBE"], Key=key, Body=json.dumps(event).encode())
        if os.environ.get("FAILURE_OF_PROBE"):
            raise RuntimeError("asked to fail")
        return {"state": {"seen": True}, "batchItemFailures": []}
    time.sleep(event.get("sleep", 0))
    taken = b"x" * (event.get("megabytes", 0) * 2**20)  # written to, so that it is really allocated
    report: dict[str, Any] = {
        "environment": dict(os.environ),
        "machine": platform.machine(),
        "python": platform.python_version(),
    }
    report |= {"arn": context.invoked_function_arn, "taken": len(taken)}
    if event.get("who"):
        report["who"] = boto3.client("sts").get_caller_identity()["Arn"]
    return report
