"""The AWS CLI (a dependency of LocalStack) puts to a stream and reads it through reshardings."""

import base64
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.local_only, pytest.mark.long_proof]

KEYS = [f"key-{number}" for number in range(12)]
FIRST = "shardId-000000000000"

Aws = Callable[..., Any]


@pytest.fixture
def aws(localstack: Any, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return a function that runs `aws kinesis …`."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "ap-south-1",
        "AWS_ENDPOINT_URL": localstack.endpoint_url,
    }

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, f"{sys.prefix}/bin/aws", "--output", "json", "kinesis", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)

    return run


@pytest.fixture
def answer(aws: Aws) -> Aws:
    """Return a function that runs `aws kinesis …`, which must succeed, and parses its output."""

    def run(*arguments: str) -> Any:
        result = aws(*arguments)
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout) if result.stdout else None

    return run


def shards(answer: Aws, stream: str) -> dict[str, Any]:
    return {shard["ShardId"]: shard for shard in answer("list-shards", "--stream-name", stream)["Shards"]}


def parents(shard: Any) -> list[str]:
    return [shard[name] for name in ("ParentShardId", "AdjacentParentShardId") if name in shard]


def put(answer: Aws, stream: str, batch: str) -> None:
    records = [{"Data": batch, "PartitionKey": key} for key in KEYS]
    result = answer("put-records", "--stream-name", stream, "--records", json.dumps(records))
    assert result["FailedRecordCount"] == 0


def read(answer: Aws, stream: str, shard: str) -> tuple[list[tuple[str, str]], list[str] | None]:
    """Return a shard's records, as key and batch, and its children if the shard is closed."""
    arguments = ("--stream-name", stream, "--shard-id", shard, "--shard-iterator-type", "TRIM_HORIZON")
    iterator = answer("get-shard-iterator", *arguments)["ShardIterator"]
    found: list[tuple[str, str]] = []
    while True:
        page = answer("get-records", "--shard-iterator", iterator, "--limit", "10")
        found += [(one["PartitionKey"], base64.b64decode(one["Data"]).decode()) for one in page["Records"]]
        if "NextShardIterator" not in page:
            return found, [child["ShardId"] for child in page["ChildShards"]]
        if not page["MillisBehindLatest"]:
            return found, None
        iterator = page["NextShardIterator"]


def test_records_are_read_in_order_from_parents_to_children(answer: Aws, create_stream: Callable[..., str]) -> None:
    stream = create_stream()
    put(answer, stream, "1")
    answer("split-shard", "--stream-name", stream, "--shard-to-split", FIRST, "--new-starting-hash-key", str(2**126))
    answer("wait", "stream-exists", "--stream-name", stream)
    put(answer, stream, "2")
    scaled = answer(
        *("update-shard-count", "--stream-name", stream, "--target-shard-count", "1"),
        *("--scaling-type", "UNIFORM_SCALING"),
    )
    assert (scaled["CurrentShardCount"], scaled["TargetShardCount"]) == (2, 1)
    answer("wait", "stream-exists", "--stream-name", stream)
    put(answer, stream, "3")

    listed = shards(answer, stream)
    assert len(listed) == 4
    by_key: dict[str, list[str]] = {key: [] for key in KEYS}
    for shard in listed:  # children have higher indexes than their parents
        found, children = read(answer, stream, shard)
        for key, batch in found:
            by_key[key].append(batch)
        assert children == ([one for one, other in listed.items() if shard in parents(other)] or None)
    assert by_key == {key: ["1", "2", "3"] for key in KEYS}


def test_shards_are_listed_in_pages_by_token_alone(answer: Aws, create_stream: Callable[..., str]) -> None:
    stream = create_stream(5)
    page = answer("list-shards", "--stream-name", stream, "--no-paginate", "--max-results", "2")
    listed = [page["Shards"]]
    while token := page.get("NextToken"):
        page = answer("list-shards", "--no-paginate", "--next-token", token, "--max-results", "2")
        listed.append(page["Shards"])
    assert [len(one) for one in listed] == [2, 2, 1]
    assert [shard["ShardId"] for shard in itertools.chain(*listed)] == [f"shardId-{index:012}" for index in range(5)]


def test_paginator_of_the_cli_fails_at_its_second_page_as_on_aws(aws: Aws, create_stream: Callable[..., str]) -> None:
    """It sends the stream with each token: https://github.com/boto/botocore/issues/2009, aws/aws-cli/issues/9635."""
    stream = create_stream(3)
    arn = f"arn:aws:kinesis:ap-south-1:000000000000:stream/{stream}"
    for parameter, address in (("StreamName", ("--stream-name", stream)), ("StreamARN", ("--stream-arn", arn))):
        refused = aws("list-shards", *address, "--page-size", "2")
        assert "(InvalidArgumentException)" in refused.stderr
        assert f"NextToken and {parameter} cannot be provided together." in refused.stderr


def test_waiters_finish_and_errors_are_reported(aws: Aws, answer: Aws, create_stream: Callable[..., str]) -> None:
    stream = create_stream()
    answer("wait", "stream-exists", "--stream-name", stream)
    answer("delete-stream", "--stream-name", stream)
    answer("wait", "stream-not-exists", "--stream-name", stream)
    refused = aws("describe-stream", "--stream-name", stream)
    assert "(ResourceNotFoundException)" in refused.stderr
