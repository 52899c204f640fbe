"""Tumbling windows of a real LocalStack: state, final invocations, and the failures in between.

https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-windows.html
"""

import base64
import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from pipeline_emulator.event_source.batching import BatchAssembler
from pipeline_emulator.event_source.records import StreamRecord, payload
from pipeline_emulator.event_source.windows import LARGEST_STATE_BYTES, OpenWindow, WindowView, state_of, window_of

pytestmark = pytest.mark.local_only

# Sums up, reports each event with the state that it returns, and fails as often as a record asks for.
SUM = """
    import base64, json, os, urllib.request

    attempts = {}

    def handler(event, context):
        values = [json.loads(base64.b64decode(one["kinesis"]["data"])) for one in event["Records"]]
        for value in values:
            attempts[value["id"]] = attempts.get(value["id"], 0) + 1
            if attempts[value["id"]] <= value.get("failures", 0):
                raise RuntimeError("as asked")
        state = dict(event["state"])
        state["ids"] = state.get("ids", []) + [value["id"] for value in values]
        if any(value.get("large") for value in values):
            state["pad"] = "x" * 1_000_001
        told = {**event, "Records": [value["id"] for value in values], "state": len(json.dumps(event["state"]))}
        body = json.dumps([{**told, "ids": state["ids"]}]).encode()
        urllib.request.urlopen(os.environ["JOURNAL_URL"], data=body).close()
        return {"state": state}
"""


@pytest.fixture
def windowed(create_mapped_stream: Callable[..., Any]) -> Any:
    """A stream, and the function that sums up."""
    return create_mapped_stream(source=SUM)


def events(mapped: Any) -> list[Any]:
    """Return what the function was told, oldest first."""
    return [event for batch in mapped.batches() for event in batch]


def finals(mapped: Any) -> list[Any]:
    """Return the final invocations of windows."""
    return [event for event in events(mapped) if event["isFinalInvokeForWindow"]]


def start_of_window(seconds: int) -> None:
    """Wait until a window has just begun, so that what follows is of one window."""
    while time.time() % seconds > seconds / 4:
        time.sleep(0.05)


@pytest.mark.long_proof
def test_state_goes_from_batch_to_batch_and_a_final_invocation_ends_the_window(windowed: Any) -> None:
    windowed.map(TumblingWindowInSeconds=8, BatchSize=2)
    start_of_window(8)
    windowed.put(*range(5))
    [final] = windowed.eventually(lambda: finals(windowed), "a final invocation", 30)
    assert final["ids"] == [0, 1, 2, 3, 4]
    assert (final["Records"], final["isWindowTerminatedEarly"]) == ([], False)
    told = events(windowed)
    assert [event["Records"] for event in told] == [[0, 1], [2, 3], [4], []]
    assert told[0]["state"] == 2  # an empty object
    first = told[0]["window"]
    assert {json.dumps(event["window"]) for event in told} == {json.dumps(first)}
    begins, ends = (time.strptime(first[name], "%Y-%m-%dT%H:%M:%SZ").tm_sec for name in ("start", "end"))
    assert (ends - begins) % 60 == 8
    assert {event["shardId"] for event in told} == {"shardId-000000000000"}
    assert all(event["eventSourceARN"].endswith(windowed.stream) for event in told)


@pytest.mark.long_proof
def test_windows_begin_with_an_empty_state(windowed: Any) -> None:
    windowed.map(TumblingWindowInSeconds=2)
    windowed.put(1)
    windowed.eventually(lambda: finals(windowed), "the first window's end", 30)
    windowed.put(2)
    windowed.eventually(lambda: len(finals(windowed)) == 2, "the second window's end", 30)
    assert [event["ids"] for event in finals(windowed)] == [[1], [2]]


@pytest.mark.long_proof
def test_a_retry_gets_the_state_from_before_the_failure_and_bisect_goes_on_with_it(windowed: Any) -> None:
    windowed.map(TumblingWindowInSeconds=10, BisectBatchOnFunctionError=True)
    start_of_window(10)
    windowed.put(1)
    windowed.await_reports(1)
    windowed.put({"id": 2}, {"id": 3, "failures": 2}, {"id": 4})
    [final] = windowed.eventually(lambda: finals(windowed), "a final invocation", 40)
    assert final["ids"] == [1, 2, 3, 4]


@pytest.mark.long_proof
def test_state_outlives_an_update_of_the_mapping(windowed: Any) -> None:
    mapping = windowed.map(TumblingWindowInSeconds=15)
    start_of_window(15)
    windowed.put(1)
    windowed.await_reports(1)
    windowed.update(mapping, BatchSize=7)
    windowed.put(2)
    [final] = windowed.eventually(lambda: finals(windowed), "a final invocation", 40)
    assert final["ids"] == [1, 2]


def test_a_state_over_a_megabyte_ends_its_window_early(windowed: Any) -> None:
    windowed.map(TumblingWindowInSeconds=900)
    windowed.put({"id": 1, "large": True})
    [final] = windowed.eventually(lambda: finals(windowed), "a final invocation", 30)
    assert final["isWindowTerminatedEarly"]
    assert final["ids"] == [1]
    windowed.put(2)
    windowed.await_reports(3)
    assert events(windowed)[-1]["ids"] == [2]


def test_a_closed_shard_ends_its_window(windowed: Any) -> None:
    windowed.map(TumblingWindowInSeconds=900)
    windowed.put(1)
    windowed.await_reports(1)
    windowed.kinesis.split_shard(
        StreamName=windowed.stream, ShardToSplit="shardId-000000000000", NewStartingHashKey=str(2**127)
    )
    [final] = windowed.eventually(lambda: finals(windowed), "a final invocation", 30)
    assert final["ids"] == [1]


# Without a LocalStack


def record(number: int, arrival: float) -> StreamRecord:
    return StreamRecord(number, "key", arrival, json.dumps({"data": base64.b64encode(b"x").decode()}))


def test_a_batch_is_of_one_window() -> None:
    assembler = BatchAssembler(100, 0, tumbling_window=10)
    assembler.add([record(1, 19.0), record(2, 19.9), record(3, 20.0)], now=0)
    assert [one.sequence_number for one in assembler.take(now=0)] == [1, 2]
    assert [one.sequence_number for one in assembler.take(now=0)] == [3]


def test_windows_are_aligned_to_the_epoch() -> None:
    assert [window_of(at, 120) for at in (0, 119.9, 120, 1_800_000_059)] == [0, 0, 120, 1_799_999_940 + 60]


@pytest.mark.parametrize("response", [b"", b"null", b"[]", b"{}", b'{"state": null}', b"no json", b'"text"'])
def test_a_response_without_a_state_has_an_empty_one(response: bytes) -> None:
    assert state_of(response) == {}


def test_a_state_may_have_a_megabyte() -> None:
    window = OpenWindow(start=0)
    assert not window.keep(json.dumps({"state": "x" * (LARGEST_STATE_BYTES - 2)}).encode())
    assert window.keep(json.dumps({"state": "x" * (LARGEST_STATE_BYTES - 1)}).encode())


def test_the_payload_has_the_members_of_its_window() -> None:
    view = WindowView(1_607_497_440, 120, {"1": 282}, "shardId-000000000006", "arn:stream")
    document = json.loads(payload([record(1, 5)], view))
    assert document.pop("Records")
    assert document == {
        "window": {"start": "2020-12-09T07:04:00Z", "end": "2020-12-09T07:06:00Z"},
        "state": {"1": 282},
        "shardId": "shardId-000000000006",
        "eventSourceARN": "arn:stream",
        "isFinalInvokeForWindow": False,
        "isWindowTerminatedEarly": False,
    }
    assert json.loads(payload([], view))["Records"] == []
