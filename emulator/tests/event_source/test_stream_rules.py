"""The pure rules except `batch_run`: batching, responses, progress, shards, settings, failure records."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_emulator.event_source.batch_run import Discard, Invocation
from pipeline_emulator.event_source.batching import BatchAssembler, lane_of
from pipeline_emulator.event_source.failure_record import failure_record, object_key, with_payload
from pipeline_emulator.event_source.progress import MappingProgress, ShardProgress
from pipeline_emulator.event_source.records import ENVELOPE_SIZE, EventSource, StreamRecord, payload, stream_record
from pipeline_emulator.event_source.response import WholeBatchFailedError, first_failed
from pipeline_emulator.event_source.settings import MappingSettings
from pipeline_emulator.event_source.shards import Position, Shard, begin, position, readable
from pipeline_emulator.kinesis.streams.identity import StreamName
from pipeline_emulator.kinesis.streams.iterators import Start
from pipeline_emulator.kinesis.streams.records import Record

pytestmark = pytest.mark.local_only

NOW = datetime(2026, 11, 23, 12, 0, 0, 123456, UTC)
SETTINGS = MappingSettings("uuid", "arn:aws:lambda:r:a:function:f", "arn:aws:kinesis:r:a:stream/s")


def record(number: int, size: int = 10, key: str = "key") -> StreamRecord:
    """Return a record whose event has `size` bytes."""
    return StreamRecord(number, key, NOW.timestamp(), json.dumps("x" * (size - 2)))


# --- batches


def test_full_batch_is_sent_at_once_and_the_rest_waits_for_the_window() -> None:
    assembler = BatchAssembler(batch_size=3, window=5.0)
    assembler.add([record(n) for n in range(4)], now=100.0)
    assert [r.sequence_number for r in assembler.take(now=100.0)] == [0, 1, 2]
    assembler.invocation_ended(now=102.0)
    assert assembler.take(now=106.9) == []
    assert assembler.seconds_to_wait(now=106.0) == 1.0
    assert [r.sequence_number for r in assembler.take(now=107.0)] == [3]
    assert assembler.seconds_to_wait(now=107.0) is None


def test_window_opens_with_the_first_record_after_a_pause() -> None:
    assembler = BatchAssembler(batch_size=10, window=5.0)
    assembler.add([record(0)], now=100.0)
    assembler.add([record(1)], now=104.0)
    assert assembler.take(now=104.9) == []
    assert len(assembler.take(now=105.0)) == 2


def test_flush_does_not_wait() -> None:
    assembler = BatchAssembler(batch_size=10, window=300.0)
    assembler.add([record(0)], now=0.0)
    assert len(assembler.take(now=0.0, flush=True)) == 1


def test_record_over_the_payload_limit_is_sent_alone() -> None:
    assembler = BatchAssembler(batch_size=10, window=0.0, payload_limit=100)
    assembler.add([record(0, size=300), record(1)], now=0.0)
    assert [len(assembler.take(now=0.0)) for _ in range(3)] == [1, 1, 0]


@given(
    sizes=st.lists(st.integers(2, 120), min_size=1, max_size=60),
    batch_size=st.integers(1, 20),
    limit=st.integers(150, 600),
)
def test_batches_are_complete_ordered_and_within_the_limits(sizes: list[int], batch_size: int, limit: int) -> None:
    assembler = BatchAssembler(batch_size, window=0.0, payload_limit=limit)
    everything = [record(n, size) for n, size in enumerate(sizes)]
    assembler.add(everything, now=0.0)
    batches = []
    while batch := assembler.take(now=0.0):
        batches.append(batch)
    assert [r for batch in batches for r in batch] == everything
    assert assembler.backlog_bytes == 0
    for batch, following in zip(batches, [*batches[1:], None], strict=True):
        assert len(batch) <= batch_size
        assert len(payload(batch)) <= _size(batch) <= limit
        if following:
            assert len(batch) == batch_size or _size([*batch, following[0]]) > limit


def _size(batch: list[StreamRecord]) -> int:
    """Return the payload's size in bytes, or one separator more."""
    return sum(each.size for each in batch) + ENVELOPE_SIZE


@given(st.text(), st.integers(1, 10))
def test_a_key_stays_in_its_lane(key: str, lanes: int) -> None:
    assert lane_of(key, lanes) == lane_of(key, lanes) < lanes


def test_keys_spread_over_the_lanes() -> None:
    assert {lane_of(f"key-{n}", 10) for n in range(200)} == set(range(10))


# --- responses


@pytest.mark.parametrize(
    "response",
    [
        b"",
        b"null",
        b'""',
        b"[]",
        b"{}",
        b'{"batchItemFailures": []}',
        b'{"batchItemFailures": null}',
        b'{"statusCode": 200}',
    ],
)
def test_response_is_a_full_success(response: bytes) -> None:
    assert first_failed(response, {1, 2}) is None


@pytest.mark.parametrize(
    "response",
    [
        b"done",
        b'"done"',
        b"[1]",
        b"true",
        b'{"batchItemFailures": 1}',
        b'{"batchItemFailures": "1"}',
        b'{"batchItemFailures": ""}',
        b'{"batchItemFailures": 0}',
        b'{"batchItemFailures": false}',
        b'{"batchItemFailures": {}}',
        b'{"batchItemFailures": [{"itemIdentifier": "' + b"1" * 5000 + b'"}]}',
        b'{"batchItemFailures": [' + b"1" * 5000 + b"]}",
        b"[" * 200_000,
        b'{"batchItemFailures": ["1"]}',
        b'{"batchItemFailures": [{"itemIdentifier": ""}]}',
        b'{"batchItemFailures": [{"itemIdentifier": null}]}',
        b'{"batchItemFailures": [{"badKey": "1"}]}',
        b'{"batchItemFailures": [{"itemIdentifier": "3"}]}',
        b'{"batchItemFailures": [{"itemIdentifier": "1"}, {"itemIdentifier": "3"}]}',
        b'{"batchItemFailures": [{"itemIdentifier": 1}]}',
    ],
)
def test_response_fails_the_whole_batch(response: bytes) -> None:
    with pytest.raises(WholeBatchFailedError):
        first_failed(response, {1, 2})


def test_lowest_identifier_is_the_checkpoint_by_value_not_by_text() -> None:
    response = json.dumps({"batchItemFailures": [{"itemIdentifier": "10"}, {"itemIdentifier": "9"}]}).encode()
    assert first_failed(response, {9, 10}) == 9


# --- progress


@given(st.permutations(range(12)), st.integers(0, 12))
def test_checkpoint_is_below_all_unfinished_records(order: list[int], done: int) -> None:
    progress = ShardProgress()
    assert all(progress.register(number) for number in range(12))
    for number in order[:done]:
        progress.complete([number])
    finished = set(order[:done])
    low = next((number for number in range(12) if number not in finished), 12)
    assert progress.checkpoint == (low - 1 if low else None)
    # WHEN the mapping starts again and reads from its checkpoint THEN exactly the unfinished records are delivered.
    progress.restart()
    again = [number for number in range(low, 14) if progress.register(number)]
    assert again == [number for number in range(low, 14) if number not in finished]
    progress.complete(again)
    assert (progress.checkpoint, progress.completed) == (13, set())


def test_records_are_all_done_once_each_is() -> None:
    progress = ShardProgress()

    def all_done() -> bool:
        return progress.all_done

    assert all_done()
    progress.register(1)
    progress.register(2)
    progress.complete([2])
    assert not all_done()
    progress.complete([1])
    assert all_done()


def test_progress_in_a_deleted_stream_of_the_same_name_is_dropped() -> None:
    latest = MappingSettings("u", "f", "arn:aws:kinesis:r:a:stream/s", starting_position="LATEST")
    progress = MappingProgress()
    assert progress.check_stream(NOW)
    begin(progress, [shard("s"), shard("ended", closed=True)], latest, NOW)
    progress.shard("s").register(7)
    assert progress.check_stream(NOW)
    assert position("s", progress, latest, first_start=False).sequence_number == 7
    assert not progress.check_stream(NOW + timedelta(seconds=1))
    assert position("s", progress, latest, first_start=False) == Position("TRIM_HORIZON")
    assert progress.finished == set()


# --- shards


def shard(name: str, *parents: str, closed: bool = False) -> Shard:
    """Return a shard."""
    return Shard(name, parents, closed)


def test_children_wait_for_every_parent() -> None:
    stream = [shard("a", closed=True), shard("b", closed=True), shard("ab", "a", "b")]
    assert [s.shard_id for s in readable(stream, set())] == ["a", "b"]
    assert [s.shard_id for s in readable(stream, {"a"})] == ["b"]
    assert [s.shard_id for s in readable(stream, {"a", "b"})] == ["ab"]
    assert readable(stream, {"a", "b", "ab"}) == []


def test_expired_parents_do_not_hold_up_children() -> None:
    assert [s.shard_id for s in readable([shard("child", "gone")], set())] == ["child"]


def test_latest_skips_closed_shards_and_reads_later_ones_from_their_beginning() -> None:
    latest = MappingSettings("u", "f", "arn:aws:kinesis:r:a:stream/s", starting_position="LATEST")
    progress = MappingProgress()
    stream = [shard("old", closed=True), shard("now", "old")]
    begin(progress, stream, latest, NOW)
    assert [s.shard_id for s in readable(stream, progress.finished)] == ["now"]
    assert position("now", progress, latest, first_start=True) == Position("LATEST")
    assert position("now", progress, latest, first_start=False) == Position("AT_TIMESTAMP", timestamp=NOW)
    assert position("later", progress, latest, first_start=False) == Position("TRIM_HORIZON")


def test_restart_reads_after_the_checkpoint_or_from_the_first_unfinished_record() -> None:
    progress = MappingProgress()
    begin(progress, [shard("s")], SETTINGS, NOW)
    assert position("s", progress, SETTINGS, first_start=True) == Position("TRIM_HORIZON")
    progress.shard("s").register(7)
    assert position("s", progress, SETTINGS, first_start=False).start == Start("AT_SEQUENCE_NUMBER", 7)
    progress.shard("s").complete([7])
    assert position("s", progress, SETTINGS, first_start=False) == Position("AFTER_SEQUENCE_NUMBER", 7)


def test_timestamp_admits_only_records_from_then_on() -> None:
    at = Position("AT_TIMESTAMP", timestamp=NOW)
    assert [at.admits(NOW.timestamp() + offset) for offset in (-0.001, 0, 1)] == [False, True, True]
    assert Position("TRIM_HORIZON").admits(0.0)


# --- settings


def test_settings_are_parsed_from_a_configuration_of_core() -> None:
    configuration = {
        "UUID": "u",
        "FunctionArn": "f",
        "EventSourceArn": "arn:aws:kinesis:ap-south-1:000000000000:stream/s/consumer/c:1",
        "MaximumRetryAttempts": -1,
        "MaximumRecordAgeInSeconds": -1,
        "DestinationConfig": {"OnFailure": {}},
        "FunctionResponseTypes": [],
        "StartingPosition": "AT_TIMESTAMP",
        "StartingPositionTimestamp": NOW.timestamp(),
        "FilterCriteria": {"Filters": [{"Pattern": '{"data": {"a": [1]}}'}]},
    }
    settings = MappingSettings.from_configuration(configuration)
    assert (settings.maximum_retry_attempts, settings.maximum_record_age) == (None, None)
    assert (settings.on_failure_destination, settings.report_batch_item_failures) == (None, False)
    assert settings.starting_timestamp == NOW
    assert settings.filter_patterns == ({"data": {"a": [1]}},)
    assert settings.stream == StreamName("000000000000", "ap-south-1", "s")
    assert settings.stream.arn == "arn:aws:kinesis:ap-south-1:000000000000:stream/s"


def test_zero_retries_are_not_endless_retries() -> None:
    base = {"UUID": "u", "FunctionArn": "f", "EventSourceArn": "arn:aws:kinesis:r:a:stream/s"}
    assert MappingSettings.from_configuration(base | {"MaximumRetryAttempts": 0}).maximum_retry_attempts == 0


# --- events and failure records


def test_payload_contains_the_events() -> None:
    source = EventSource("arn:stream", "ap-south-1", "arn:role")
    raw = Record(123, NOW.timestamp(), "schlüssel", b"\xff\x00", size=12, end=12)
    event = source.event("shardId-000000000000", raw)
    one = stream_record(raw, event)
    assert json.loads(payload([one, one])) == {"Records": [event, event]}
    assert (one.sequence_number, one.partition_key, one.arrival) == (123, "schlüssel", NOW.timestamp())
    assert event["eventID"] == "shardId-000000000000:123"
    assert event["kinesis"]["sequenceNumber"] == "123"
    assert event["kinesis"]["approximateArrivalTimestamp"] == NOW.timestamp()


@pytest.mark.parametrize(("count", "invocation"), [(0, None), (8, Invocation("id", function_error="Unhandled"))])
def test_failure_record_of_old_records_has_no_response(count: int, invocation: Invocation | None) -> None:
    """Recorded on AWS: for records that were never sent, and for those that were, with the count of a first attempt."""
    discard = Discard([record(1), record(2)], "RecordAgeExceeded", count, invocation)
    document = failure_record(discard, SETTINGS, "shard", NOW)
    assert "responseContext" not in document
    assert document["requestContext"]["approximateInvokeCount"] == (count or 1)
    assert document["requestContext"]["requestId"]
    assert document["requestContext"]["condition"] == "RecordAgeExceeded"
    assert document["timestamp"] == "2026-11-23T12:00:00.123Z"
    assert document["KinesisBatchInfo"]["batchSize"] == 2


def test_failure_record_for_s3_carries_the_payload_as_text() -> None:
    discard = Discard([record(1)], "RetryAttemptsExhausted", 1, Invocation("id", function_error="Unhandled"))
    document = with_payload(failure_record(discard, SETTINGS, "shard", NOW), discard)
    assert json.loads(document["payload"]) == {"Records": [json.loads(record(1).event)]}
    assert document["responseContext"] == {
        "statusCode": 200,
        "executedVersion": "$LATEST",
        "functionError": "Unhandled",
    }


def test_object_key_follows_the_documented_layout() -> None:
    key = object_key("uuid", "shardId-000000000001", NOW)
    assert key.startswith("aws/lambda/uuid/shardId-000000000001/2026/11/23/2026-11-23T12.00.00-")
