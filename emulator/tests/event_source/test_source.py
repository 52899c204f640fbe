"""What a mapping reads from its stream: real streams in memory, without a running LocalStack."""

from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pipeline_emulator.event_source import source as sources
from pipeline_emulator.event_source.settings import MappingSettings
from pipeline_emulator.event_source.shards import Position, Shard
from pipeline_emulator.event_source.source import IteratorExpiredError, KinesisSource, PositionRefusedError
from pipeline_emulator.hooks import Question
from pipeline_emulator.kinesis import hooks
from pipeline_emulator.kinesis.streams import resharding
from pipeline_emulator.kinesis.streams.hashing import entry
from pipeline_emulator.kinesis.streams.identity import StreamName
from pipeline_emulator.kinesis.streams.settings import StreamSettings
from pipeline_emulator.kinesis.streams.stream import Stream
from pipeline_emulator.kinesis.streams.streams import Streams

pytestmark = pytest.mark.local_only

CREATED = 1_800_000_000.25
NAME = StreamName("000000000000", "ap-south-1", "stream")
SETTINGS = MappingSettings("uuid", "arn:aws:lambda:ap-south-1:000000000000:function:f", NAME.arn)
FIRST, SECOND, CHILD = (f"shardId-{number:012}" for number in range(3))


@pytest.fixture
def clock() -> SimpleNamespace:
    """The time as `now`, in seconds since the epoch."""
    return SimpleNamespace(now=CREATED)


@pytest.fixture
def streams(clock: Any, monkeypatch: pytest.MonkeyPatch) -> Streams:
    """The streams that the source reads from."""
    streams = Streams(StreamSettings(), lambda: clock.now)
    monkeypatch.setattr(sources, "provider", lambda service: SimpleNamespace(streams=streams))
    return streams


@pytest.fixture
def stream(streams: Streams) -> Stream:
    """A stream with two shards."""
    return streams.create(NAME, 2, "PROVISIONED")


@pytest.fixture
def put(streams: Streams, stream: Stream) -> Callable[[bytes], int]:
    """Return a function that puts a record into the first shard and returns its sequence number."""

    def put(data: bytes) -> int:
        [placed] = streams.put(stream, [entry(data, "key", "0")])
        assert placed.number is not None
        return placed.number

    return put


@pytest.mark.usefixtures("stream")
def test_the_creation_time_has_milliseconds() -> None:
    assert KinesisSource(SETTINGS, "role").created() == datetime.fromtimestamp(CREATED, UTC)


def test_shards_have_their_parents_and_are_closed_after_a_merge(stream: Stream) -> None:
    source = KinesisSource(SETTINGS, "role")
    assert source.shards() == [Shard(FIRST), Shard(SECOND)]
    resharding.merge(stream, FIRST, SECOND, CREATED + 1)
    assert source.shards() == [
        Shard(FIRST, closed=True),
        Shard(SECOND, closed=True),
        Shard(CHILD, (FIRST, SECOND)),
    ]


def test_records_have_their_numbers_and_times(clock: Any, put: Callable[[bytes], int]) -> None:
    source = KinesisSource(SETTINGS, "role")
    numbers = []
    for data in (b"a", b"b", b"c"):
        clock.now += 10
        numbers.append(put(data))
    page = source.read(source.iterator(FIRST, Position("TRIM_HORIZON")), 2)
    assert [(one.number, one.arrival, one.data) for one in page.records] == [
        (numbers[0], CREATED + 10, b"a"),
        (numbers[1], CREATED + 20, b"b"),
    ]
    assert page.next_iterator is not None
    assert [one.data for one in source.read(page.next_iterator, 2).records] == [b"c"]
    after = Position("AFTER_SEQUENCE_NUMBER", sequence_number=numbers[1])
    assert [one.data for one in source.read(source.iterator(FIRST, after), 9).records] == [b"c"]
    since = Position("AT_TIMESTAMP", timestamp=datetime.fromtimestamp(CREATED + 10.001, UTC))
    assert [one.data for one in source.read(source.iterator(FIRST, since), 9).records] == [b"b", b"c"]


def test_a_closed_shard_has_an_end(stream: Stream, put: Callable[[bytes], int]) -> None:
    source = KinesisSource(SETTINGS, "role")
    put(b"a")
    resharding.merge(stream, FIRST, SECOND, CREATED + 1)
    page = source.read(source.iterator(FIRST, Position("TRIM_HORIZON")), 9)
    assert ([one.data for one in page.records], page.next_iterator) == ([b"a"], None)


def test_positions_are_invalid_in_a_recreated_stream(streams: Streams, clock: Any, put: Callable[[bytes], int]) -> None:
    source = KinesisSource(SETTINGS, "role")
    number = put(b"a")
    iterator = source.iterator(FIRST, Position("TRIM_HORIZON"))
    streams.delete(NAME, with_consumers=True)
    clock.now += 10
    streams.create(NAME, 2, "PROVISIONED")
    with pytest.raises(IteratorExpiredError):
        source.read(iterator, 9)
    with pytest.raises(PositionRefusedError):
        source.iterator(FIRST, Position("AFTER_SEQUENCE_NUMBER", sequence_number=number))


def test_a_missing_stream_raises_an_api_error(streams: Streams) -> None:
    with pytest.raises(ClientError, match=r"ResourceNotFoundException.* DescribeStreamSummary .*stream"):
        KinesisSource(SETTINGS, "role").created()


def test_a_hook_refuses_operations_by_name_and_stream(stream: Stream, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str]] = []

    def refuse(operation: str, arn: str) -> tuple[str, str] | None:
        asked.append((operation, arn))
        return ("LimitExceededException", "as asked") if operation == "kinesis:ListShards" else None

    hook: Question[[str, str], tuple[str, str]] = Question()
    hook.subscribe(refuse)
    monkeypatch.setattr(hooks, "refuse_operation", hook)
    source = KinesisSource(SETTINGS, "role")
    source.created()
    with pytest.raises(ClientError, match=r"LimitExceededException.*as asked"):
        source.shards()
    assert asked == [("kinesis:DescribeStreamSummary", NAME.arn), ("kinesis:ListShards", NAME.arn)]
