"""CBOR, used by AWS's SDKs for Java: bytes are unencoded, times are whole milliseconds with tag 1.

In CBOR itself tag 1 means seconds; the SDKs accept only a whole number of milliseconds:
https://github.com/aws/aws-sdk-java-v2/issues/184, https://github.com/localstack/localstack/issues/3134.
"""

import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import cbor2
import pytest
from cbor2 import _decoder

pytestmark = pytest.mark.local_only

CONTENT_TYPE = "application/x-amz-cbor-1.1"
AUTHORIZATION = (
    "AWS4-HMAC-SHA256 Credential=test/20260101/ap-south-1/kinesis/aws4_request, SignedHeaders=host, Signature=none"
)
FIRST = "shardId-000000000000"

Call = Callable[..., Any]


@pytest.fixture
def call(localstack: Any, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Return a function that calls an operation, checks the status and decodes the response, leaving tag 1 as it is."""
    monkeypatch.delitem(_decoder.semantic_decoders, 1)

    def send(operation: str, status: int = 200, **request: Any) -> Any:
        headers = {
            "Content-Type": CONTENT_TYPE,
            "X-Amz-Target": f"Kinesis_20131202.{operation}",
            "Authorization": AUTHORIZATION,
        }
        wanted = urllib.request.Request(localstack.endpoint_url, cbor2.dumps(request), headers)
        try:
            answer = urllib.request.urlopen(wanted, timeout=30)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            assert (answer.status, answer.headers["Content-Type"]) == (status, CONTENT_TYPE)
            return _decoder.loads(answer.read())

    return send


def read(call: Call, stream: str, **start: Any) -> list[dict[str, Any]]:
    iterator = call("GetShardIterator", StreamName=stream, ShardId=FIRST, **start)["ShardIterator"]
    records: list[dict[str, Any]] = call("GetRecords", ShardIterator=iterator)["Records"]
    return records


def test_bytes_and_times_have_the_format_of_the_java_sdks(call: Call, create_stream: Callable[..., str]) -> None:
    stream = create_stream()
    before = int(time.time() * 1000)
    one = call("PutRecord", StreamName=stream, Data=b"\x00\xff", PartitionKey="ключ")
    many = call("PutRecords", StreamName=stream, Records=[{"Data": b"", "PartitionKey": "a"}])
    after = int(time.time() * 1000) + 1
    first, second = read(call, stream, ShardIteratorType="TRIM_HORIZON")
    assert (first["Data"], first["PartitionKey"], second["Data"]) == (b"\x00\xff", "ключ", b"")
    assert first["SequenceNumber"] == one["SequenceNumber"]
    assert second["SequenceNumber"] == many["Records"][0]["SequenceNumber"]
    arrival = first["ApproximateArrivalTimestamp"]
    assert arrival.tag == 1
    assert isinstance(arrival.value, int)
    assert before <= arrival.value <= after
    created = call("DescribeStreamSummary", StreamName=stream)["StreamDescriptionSummary"]["StreamCreationTimestamp"]
    assert (created.tag, type(created.value)) == (1, int)
    assert created.value <= arrival.value


def test_timestamp_in_milliseconds_selects_the_records_to_read(call: Call, create_stream: Callable[..., str]) -> None:
    stream = create_stream()
    call("PutRecord", StreamName=stream, Data=b"1", PartitionKey="a")
    [record] = read(call, stream, ShardIteratorType="TRIM_HORIZON")
    arrival = record["ApproximateArrivalTimestamp"].value
    for moment, data in ((arrival, [b"1"]), (arrival + 1, [])):
        found = read(call, stream, ShardIteratorType="AT_TIMESTAMP", Timestamp=cbor2.CBORTag(1, moment))
        assert [one["Data"] for one in found] == data
    refused = call(
        *("GetShardIterator", 400),
        StreamName=stream,
        ShardId=FIRST,
        ShardIteratorType="AT_TIMESTAMP",
        Timestamp=cbor2.CBORTag(1, arrival + 3_600_000),
    )
    assert refused["__type"] == "InvalidArgumentException"
    assert f"timestampInMillis: {arrival + 3_600_000}" in refused["message"]


def test_errors_are_cbor_too(call: Call) -> None:
    error = call("DescribeStreamSummary", 400, StreamName="missing")
    assert error["__type"] == "ResourceNotFoundException"
    assert error["message"] == "Stream missing under account 000000000000 not found."
