"""The threads of a mapping and their handling of failures, without a running LocalStack."""

import base64
import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from pipeline_emulator.event_source import destination as destinations
from pipeline_emulator.event_source import mapping_consumer, shard_consumer
from pipeline_emulator.event_source.batch_run import Discard, Invocation
from pipeline_emulator.event_source.filters import RecordFilter
from pipeline_emulator.event_source.invoker import LambdaInvoker
from pipeline_emulator.event_source.lane import Lane
from pipeline_emulator.event_source.progress import MappingProgress, ShardProgress
from pipeline_emulator.event_source.records import EventSource, StreamRecord
from pipeline_emulator.event_source.settings import MappingSettings
from pipeline_emulator.event_source.shards import Position, Shard
from pipeline_emulator.event_source.stop import Stop
from pipeline_emulator.kinesis.streams.records import Record

pytestmark = pytest.mark.local_only

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
SECONDS = 5.0


def settings(**changes: Any) -> MappingSettings:
    return MappingSettings("uuid", "arn:aws:lambda:r:a:function:f", "arn:aws:kinesis:r:a:stream/s", **changes)


def record(number: int) -> StreamRecord:
    return StreamRecord(number, "key", NOW.timestamp(), "{}")


@pytest.fixture
def stop() -> Stop:
    return Stop(threading.Event())


@pytest.fixture
def make_lane(stop: Stop) -> Callable[..., Any]:
    """Return a factory of lanes."""

    def make(progress: ShardProgress, invoke: Callable[..., Any], send: Callable[..., bool]) -> Any:
        invoker: Any = SimpleNamespace(invoke=invoke)
        destination: Any = SimpleNamespace(send=send)
        return Lane(
            "lane",
            "shard",
            settings(maximum_retry_attempts=0),
            progress,
            invoker,
            destination,
            lambda outcome: None,
            stop,
        )

    return make


def crash(*_: Any) -> Any:
    raise RuntimeError("a bug")


def fail(*_: Any) -> Invocation:
    return Invocation("id", succeeded=False)


def run_lane(lane: Any, progress: ShardProgress) -> None:
    progress.register(1)
    lane.start()
    lane.add([record(1)])
    lane.close()
    lane.join()


def test_a_crashed_lane_is_marked_failed_and_completes_nothing(make_lane: Callable[..., Any]) -> None:
    progress = ShardProgress()
    lane = make_lane(progress, crash, lambda *_: True)
    run_lane(lane, progress)
    assert lane.failed
    assert not progress.all_done
    lane.add([record(2)])  # does not block the reader of the shard


@pytest.mark.parametrize("settled", [True, False])
def test_a_discard_counts_as_done_only_if_settled(make_lane: Callable[..., Any], settled: bool) -> None:
    progress = ShardProgress()
    run_lane(make_lane(progress, fail, lambda *_: settled), progress)
    assert progress.all_done == settled


@pytest.mark.parametrize("stopped", [True, False])
def test_only_a_stop_leaves_an_undelivered_failure_record_to_the_next_worker(
    monkeypatch: pytest.MonkeyPatch, stopped: bool
) -> None:
    attempts = []

    def refuse(*_: Any) -> None:
        attempts.append(1)
        raise BotoCoreError

    monkeypatch.setattr(destinations, "backoff", lambda attempt: 0.0)
    destination = destinations.FailureDestination(settings(on_failure_destination="arn:aws:s3:::bucket"), "role")
    monkeypatch.setattr(destination, "_deliver", refuse)
    interrupted = threading.Event()
    if stopped:
        interrupted.set()
    settled = destination.send(Discard([record(1)], "RetryAttemptsExhausted", 1, None), "shard", interrupted)
    assert (settled, len(attempts)) == ((False, 1) if stopped else (True, destinations.ATTEMPTS))


class ClosedShard:
    """The source of a closed shard with one record."""

    def iterator(self, shard_id: str, position: Position) -> str:
        return "start" if position.sequence_number is None else "end"

    def read(self, iterator: str, limit: int) -> Any:
        one = Record(1, NOW.timestamp(), "key", b"{}", size=5, end=5)
        return SimpleNamespace(records=[one] if iterator == "start" else [], next_iterator=None, milliseconds_behind=0)


@pytest.mark.parametrize("lane_crashes", [True, False])
def test_a_closed_shard_is_finished_only_if_no_lane_failed(
    make_lane: Callable[..., Any],
    stop: Stop,
    monkeypatch: pytest.MonkeyPatch,
    lane_crashes: bool,
) -> None:
    monkeypatch.setattr(shard_consumer, "longest_seconds", lambda: 0)
    progress, ended = ShardProgress(), threading.Event()
    invoke = crash if lane_crashes else lambda records: Invocation("id")
    start = Position("TRIM_HORIZON")
    source: Any = ClosedShard()
    consumer = shard_consumer.ShardConsumer(
        "shard",
        start,
        lambda: start,
        settings(),
        progress,
        source,
        EventSource("arn", "r", "role"),
        lambda shard_id, number: make_lane(progress, invoke, lambda *_: True),
        stop,
        ended,
    )
    consumer.start()
    assert ended.wait(SECONDS)
    consumer.join()
    assert progress.finished != lane_crashes


def error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code}}, "an operation")


class Stream:
    """A stream with shards and errors set by a test; records the position from which each shard is read."""

    def __init__(self) -> None:
        self.shard_ids = ["a", "b"]
        self.refused: set[str] = set()
        self.created_at = NOW
        self.listing_errors = 0
        self.read_from: dict[str, Position] = {}
        self.first_read: datetime | None = None

    def created(self) -> datetime:
        self.first_read = self.first_read or datetime.now(UTC)
        if self.listing_errors:
            self.listing_errors -= 1
            raise error("LimitExceededException")
        return self.created_at

    def shards(self) -> list[Shard]:
        return [Shard(shard_id) for shard_id in self.shard_ids]

    def consumer(self, shard_id: str, position: Position, *_: Any) -> Any:
        if shard_id in self.refused:
            self.refused.remove(shard_id)
            raise error("ProvisionedThroughputExceededException")
        self.read_from[shard_id] = position
        return SimpleNamespace(
            shard_id=shard_id, is_alive=True, start=lambda: None, join=lambda: None, wake=lambda: None
        )


@pytest.fixture
def read_mapping(
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[Stream, MappingProgress, MappingSettings], None]:
    """Return a function that runs a mapping until every shard of the stream is read."""

    def read(stream: Stream, progress: MappingProgress, mapping: MappingSettings) -> None:
        stop = Stop(threading.Event())
        monkeypatch.setattr(mapping_consumer, "ShardConsumer", stream.consumer)
        monkeypatch.setattr(mapping_consumer, "KinesisSource", lambda *_: stream)
        consumer = mapping_consumer.MappingConsumer(mapping, "role", progress, lambda outcome: None, stop)

        def started() -> None:
            if len(stream.read_from) == len(stream.shard_ids):
                stop.request()

        thread = threading.Thread(target=consumer.run, args=(started,), daemon=True)
        thread.start()
        thread.join(SECONDS)
        stop.request()
        consumer.wake()
        thread.join(SECONDS)

    return read


def test_an_unreadable_shard_does_not_hold_up_others(read_mapping: Callable[..., None]) -> None:
    stream = Stream()
    stream.refused = {"a"}
    read_mapping(stream, MappingProgress(), settings())
    assert list(stream.read_from) == ["b", "a"]


@pytest.mark.parametrize(("listing_errors", "refused"), [(1, set()), (0, {"a"})])
def test_latest_means_the_first_attempt_even_if_a_later_one_succeeds(
    read_mapping: Callable[..., None], listing_errors: int, refused: set[str]
) -> None:
    stream, progress = Stream(), MappingProgress()
    stream.listing_errors, stream.refused = listing_errors, refused
    before = datetime.now(UTC)
    read_mapping(stream, progress, settings(starting_position="LATEST"))
    assert stream.read_from["a"] == Position("AT_TIMESTAMP", timestamp=progress.started_at)
    assert progress.started_at is not None
    assert stream.first_read is not None
    assert before <= progress.started_at <= stream.first_read


def test_a_recreated_stream_is_read_from_its_beginning(read_mapping: Callable[..., None]) -> None:
    stream, progress = Stream(), MappingProgress()
    read_mapping(stream, progress, settings())
    progress.shard("a").register(1)
    progress.shard("b").finished = True
    stream.created_at = datetime.now(UTC)
    stream.read_from.clear()
    read_mapping(stream, progress, settings())
    assert stream.read_from == {"a": Position("TRIM_HORIZON"), "b": Position("TRIM_HORIZON")}


def test_data_nested_too_deeply_matches_no_filter_on_data() -> None:
    event = {"kinesis": {"data": base64.b64encode(b"[" * 200_000).decode()}}
    assert not RecordFilter([{"data": json.loads("{}")}]).matches(event)


def test_a_batch_over_the_payload_limit_fails_without_an_invocation() -> None:
    """Lambda answers RequestTooLargeException (413). It counts toward the retries, or it would be sent forever."""
    invoker = LambdaInvoker(settings())
    huge = StreamRecord(1, "key", NOW.timestamp(), "x" * (6 * 2**20))
    outcome = invoker.invoke([huge])
    assert isinstance(outcome, Invocation)
    assert (outcome.status_code, outcome.function_error) == (413, "RequestTooLargeException")
    assert not outcome.succeeded
