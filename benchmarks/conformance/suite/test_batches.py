"""What a function receives: the event, and how records form batches."""

import json
import time
from typing import Any

import pytest

pytestmark = pytest.mark.aws_valid

PAYLOAD_LIMIT = 6 * 2**20  # bytes


def test_event(scene: Any) -> None:
    """Event as documented.

    https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
    """
    scene.create_stream()
    [sequence_number] = scene.put(1, key="a key")
    scene.map()
    scene.await_ids({1})
    event = scene.invocations()[0]["event"]
    [record] = event.pop("Records")
    assert event == {}, "keys other than Records"
    assert scene.data(record) == {"id": 1}, "other data"
    kinesis = record["kinesis"]
    arrival = kinesis.pop("approximateArrivalTimestamp", 0)
    assert abs(arrival - time.time()) < 300, f"approximateArrivalTimestamp is {arrival}"
    kinesis.pop("data")
    expected = {
        "kinesis": {"kinesisSchemaVersion": "1.0", "partitionKey": "a key", "sequenceNumber": sequence_number},
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"shardId-000000000000:{sequence_number}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": scene.role_arn,
        "awsRegion": scene.target.region,
        "eventSourceARN": scene.stream_arn,
    }
    wrong = sorted(name for name in expected.keys() | record.keys() if expected.get(name) != record.get(name))
    assert record == expected, f"other values of {', '.join(wrong)}"


def test_batch_size(scene: Any) -> None:
    """BatchSize is the most that an invocation gets, and order holds.

    https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html
    """
    scene.create_stream()
    scene.put(*range(25))
    scene.map(BatchSize=10)
    sizes = [len(batch) for batch in scene.await_ids(set(range(25)))]
    assert max(sizes) <= 10, f"a batch of {max(sizes)} for a batch size of 10"
    assert scene.delivered() == list(range(25)), "out of order or more than once"


def test_batching_window(scene: Any) -> None:
    """MaximumBatchingWindowInSeconds gathers what arrives within it.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html
    """
    scene.create_stream()
    scene.map(MaximumBatchingWindowInSeconds=5)
    for number in range(5):
        scene.put(number)
    batches = scene.await_ids(set(range(5)))
    assert len(batches) <= 2, f"{len(batches)} invocations within one window"  # two if a window ended in between


def test_full_batch_ends_the_window(scene: Any) -> None:
    """A full batch goes out before its window has passed.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html
    """
    scene.create_stream()
    scene.put(*range(10))
    scene.map(BatchSize=5, MaximumBatchingWindowInSeconds=300)
    batches = scene.await_ids(set(range(10)))
    assert batches == [list(range(5)), list(range(5, 10))], f"batches of {[len(batch) for batch in batches]}"


def test_payload_limit(scene: Any) -> None:
    """A batch is cut where its payload would exceed 6 MB, and goes out before its window has passed.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html
    """
    scene.create_stream()
    filler = "x" * 900_000  # 1.2 MB of base64
    for number in range(10):
        scene.put({"id": number, "filler": filler})
    scene.map(MaximumBatchingWindowInSeconds=300)
    # Only full batches: the rest would wait for the window.
    scene.await_ids({0, 1, 2, 3})
    largest = max(entry["payload_bytes"] for entry in scene.invocations())
    assert largest <= PAYLOAD_LIMIT, f"a payload of {largest / 2**20:.1f} MB"
    assert scene.ids()[0] == scene.delivered()[: len(scene.ids()[0])] == list(range(len(scene.ids()[0])))
    assert len(scene.ids()[0]) >= 4, f"a batch of {len(scene.ids()[0])} records, far below 6 MB"


def test_filter(scene: Any) -> None:
    """FilterCriteria lets matching records through, unchanged.

    https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis-filtering.html
    """
    scene.create_stream()
    scene.put({"id": 1, "kind": "a"}, {"id": 2, "kind": "b"}, {"id": 3, "kind": "a"})
    scene.map(FilterCriteria={"Filters": [{"Pattern": json.dumps({"data": {"kind": ["a"]}})}]})
    scene.await_ids({1, 3})
    assert scene.delivered() == [1, 3], f"delivered {scene.delivered()} of which 1 and 3 match"
