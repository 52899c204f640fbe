"""Functions from images stream their responses, too."""

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.local_only

RUNTIME = Path(__file__).parents[1].joinpath("streaming_runtime.py").read_text()
# Writes the second chunk only after the caller has the first.
FUNCTION = f"""{RUNTIME}
import time
import boto3

def handle(event, stream):
    stream.write(b"first")
    s3 = boto3.client("s3")
    while s3.list_objects_v2(Bucket=event)["KeyCount"] == 0:
        time.sleep(0.05)
    stream.write(b"second")
    stream.end(("Custom", "no more"))

serve(handle)
"""


def test_a_chunk_arrives_while_the_container_runs(create_image_function: Callable[..., Any]) -> None:
    function = create_image_function(FUNCTION, Timeout=20)
    s3, bucket = function.localstack.client("s3"), f"bucket-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "ap-south-1"})

    answer = function.localstack.client("lambda").invoke_with_response_stream(
        FunctionName=function.name, Payload=f'"{bucket}"'
    )
    events = iter(answer["EventStream"])
    assert next(events) == {"PayloadChunk": {"Payload": b"first"}}
    s3.put_object(Bucket=bucket, Key="go", Body=b"")

    assert next(events) == {"PayloadChunk": {"Payload": b"second"}}
    assert next(events)["InvokeComplete"]["ErrorCode"] == "Custom"
    assert list(events) == []
    answer["EventStream"].close()
