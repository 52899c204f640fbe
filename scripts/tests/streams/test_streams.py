"""Putting and reading under occasional AWS errors: throttling, partial failures, resharding.

A real client with scripted answers (botocore's Stubber); integration_tests reshard a real stream.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError
from botocore.stub import ANY, Stubber

from harness import streams
from harness.errors import HarnessError
from harness.streams import backoff, writer
from harness.streams.retries import retryable

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
THROTTLED = "ProvisionedThroughputExceededException"


@pytest.fixture
def client() -> Any:
    config = Config(retries={"total_max_attempts": 1, "mode": "standard"})
    return boto3.session.Session("test", "test", region_name="eu-central-1").client("kinesis", config=config)


@pytest.fixture
def stub(client: Any) -> Iterator[Stubber]:
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backoff, "FIRST_PAUSE", 0.001)
    monkeypatch.setattr(backoff, "LONGEST_PAUSE", 0.002)


def _taken(number: int) -> dict[str, str]:
    return {"SequenceNumber": str(number), "ShardId": "shardId-000000000000"}


REFUSED = {"ErrorCode": THROTTLED, "ErrorMessage": "Rate exceeded"}


def test_refused_records_are_put_again_and_keep_their_place(client: Any, stub: Stubber) -> None:
    stub.add_client_error("put_records", THROTTLED)
    stub.add_client_error("put_records", "InternalFailure", http_status_code=500)
    stub.add_response("put_records", {"FailedRecordCount": 2, "Records": [REFUSED, _taken(1), REFUSED]})
    again = {"StreamName": "s", "Records": [{"Data": b"a", "PartitionKey": "k"}, {"Data": b"c", "PartitionKey": "k"}]}
    stub.add_response("put_records", {"FailedRecordCount": 1, "Records": [_taken(2), REFUSED]}, again)
    stub.add_response("put_records", {"Records": [_taken(3)]})
    puts = list(streams.put(client, "s", [(b"a", "k"), (b"b", "k"), (b"c", "k")]))
    assert [(put.data, put.sequence) for put in puts] == [(b"a", 2), (b"b", 1), (b"c", 3)]
    assert all(put.repeated for put in puts)  # the failed calls may have stored them, as far as the producer knows


def test_a_put_that_succeeds_at_once_is_not_repeated(client: Any, stub: Stubber) -> None:
    stub.add_response("put_records", {"Records": [_taken(1)]})
    assert [put.repeated for put in streams.put(client, "s", [(b"a", "k")])] == [False]


def test_known_trouble_stops_the_retries_at_once(client: Any, stub: Stubber) -> None:
    stub.add_client_error("put_records", "InternalFailure", http_status_code=500)
    with pytest.raises(HarnessError, match="LocalStack has died"):
        list(streams.put(client, "s", [(b"a", "k")], trouble=lambda: "LocalStack has died"))


def test_lasting_and_permanent_errors_are_reported(client: Any, stub: Stubber, monkeypatch: pytest.MonkeyPatch) -> None:
    stub.add_client_error("put_records", "ResourceNotFoundException", "Stream s not found")
    with pytest.raises(HarnessError, match="Stream s not found"):
        list(streams.put(client, "s", [(b"a", "k")]))
    monkeypatch.setattr(backoff, "GIVE_UP_SECONDS", 0.0)
    for _ in range(2):
        stub.add_response("put_records", {"FailedRecordCount": 1, "Records": [REFUSED]})
    with pytest.raises(HarnessError, match=r"failed for 0 s: .*Rate exceeded"):
        list(streams.put(client, "s", [(b"a", "k")]))


def test_a_missing_response_is_retried() -> None:
    assert retryable(EndpointConnectionError(endpoint_url="http://127.0.0.1:1"))


class _Clock:
    """A clock that only advances by sleeping and by the calls that take time here."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.naps: list[float] = []

    def time(self) -> float:
        return self.now

    monotonic = time

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.now += seconds


def test_a_slow_call_is_made_up_for_and_an_outage_is_not(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, takes = _Clock(), iter([0.5, 0.0, 60.0, *[0.0] * 6])

    def answer(**_: Any) -> Any:
        clock.now += next(takes)
        return {"Records": [_taken(1)]}

    monkeypatch.setattr(writer, "time", clock)
    monkeypatch.setattr(client, "put_records", answer)
    assert len(list(streams.put(client, "s", [(b"a", "k")] * 9, rate=4.0))) == 9
    # Four per second: the second event makes up for the slow first one. After the outage at the third, four events
    # at once make up for one second; then the rate is four per second again.
    assert clock.naps == [0.0] * 7 + [0.25] * 2


def _shard(name: str, *parents: str) -> dict[str, Any]:
    shard: dict[str, Any] = {
        "ShardId": name,
        "HashKeyRange": {"StartingHashKey": "0", "EndingHashKey": "1"},
        "SequenceNumberRange": {"StartingSequenceNumber": "1"},
    }
    return shard | dict(zip(("ParentShardId", "AdjacentParentShardId"), parents, strict=False))


def _shards(stub: Stubber, *shards: dict[str, Any]) -> None:
    stub.add_response("list_shards", {"Shards": list(shards)})


def _iterator(stub: Stubber, shard: str, kind: str, iterator: str | None = None, **where: Any) -> None:
    wanted = {"StreamName": "s", "ShardId": shard, "ShardIteratorType": kind, **where}
    stub.add_response("get_shard_iterator", {"ShardIterator": iterator or f"{shard}-0"}, wanted)


def _page(stub: Stubber, iterator: str, data: bytes | None, after: str | None, behind: int = 0) -> None:
    records = [
        {"SequenceNumber": "5", "Data": data, "PartitionKey": "k", "ApproximateArrivalTimestamp": NOW}
        for _ in range(data is not None)
    ]
    answer: dict[str, Any] = {"Records": records, "MillisBehindLatest": behind}
    if after:
        answer["NextShardIterator"] = after
    stub.add_response("get_records", answer, {"ShardIterator": iterator})


def _data(found: list[streams.Read]) -> list[bytes]:
    return [read.data for read in found]


def test_a_merged_shard_is_read_after_both_of_its_parents(client: Any, stub: Stubber) -> None:
    # GIVEN two shards that are merged while they are read
    _shards(stub, _shard("a"), _shard("b"))
    _iterator(stub, "a", "LATEST")
    _iterator(stub, "b", "LATEST")
    reader = streams.Reader(client, "s", "LATEST")
    after = (_shard("a"), _shard("b"), _shard("c", "a", "b"), _shard("d", "c"))
    # WHEN one is read to its end THEN the child waits for the other
    _page(stub, "a-0", b"a", None)
    _shards(stub, *after)
    _page(stub, "b-0", b"b1", "b-1", behind=1000)
    assert _data(reader.read()) == [b"a", b"b1"]
    assert not reader.at_end
    # WHEN the other is, too, THEN the child is read from its beginning, and its own child waits for its end
    _page(stub, "b-1", b"b2", None)
    _shards(stub, *after)
    _iterator(stub, "c", "TRIM_HORIZON")
    assert _data(reader.read()) == [b"b2"]
    assert not reader.at_end
    _page(stub, "c-0", b"c", None)
    _shards(stub, *after)
    _iterator(stub, "d", "TRIM_HORIZON")
    assert _data(reader.read()) == [b"c"]
    _page(stub, "d-0", None, "d-1")
    assert _data(reader.read()) == []
    assert reader.at_end


def test_from_the_beginning_children_wait_for_parents_that_have_not_expired(client: Any, stub: Stubber) -> None:
    _shards(stub, _shard("b", "a"), _shard("c", "b"), _shard("e", "expired"))
    _iterator(stub, "b", "TRIM_HORIZON")
    _iterator(stub, "e", "TRIM_HORIZON")
    streams.Reader(client, "s")


def test_throttled_and_expired_reads_lose_nothing(client: Any, stub: Stubber) -> None:
    _shards(stub, _shard("a"))
    _iterator(stub, "a", "LATEST")
    reader = streams.Reader(client, "s", "LATEST")
    _page(stub, "a-0", b"1", "a-1")
    assert _data(reader.read()) == [b"1"]
    stub.add_client_error("get_records", THROTTLED)
    assert reader.read() == []
    assert not reader.at_end
    stub.add_client_error("get_records", "ExpiredIteratorException")
    _iterator(stub, "a", "AFTER_SEQUENCE_NUMBER", "a-2", StartingSequenceNumber="5")
    _page(stub, "a-2", b"2", "a-3")
    found: list[bytes] = []
    while not found:  # the throttled shard is not read for a moment
        found = _data(reader.read())
    assert found == [b"2"]


@pytest.mark.parametrize(("first", "position"), [("LATEST", "AT_TIMESTAMP"), ("TRIM_HORIZON", "TRIM_HORIZON")])
def test_after_an_outage_reading_continues_after_the_last_record(
    client: Any, stub: Stubber, monkeypatch: pytest.MonkeyPatch, first: str, position: str
) -> None:
    """The endpoint may not know the earlier iterators any more."""
    _shards(stub, _shard("a"))
    _iterator(stub, "a", first)
    reader = streams.Reader(client, "s", first)
    # WHEN the outage comes before the first record THEN reading starts where it would have
    _no_answer(reader, client, monkeypatch)
    where = {"Timestamp": ANY} if position == "AT_TIMESTAMP" else {}
    _iterator(stub, "a", position, "a-1", **where)
    _page(stub, "a-1", b"1", "a-2")
    assert _data(_next(reader)) == [b"1"]
    # WHEN it comes later THEN reading continues after the last record
    _no_answer(reader, client, monkeypatch)
    _iterator(stub, "a", "AFTER_SEQUENCE_NUMBER", "a-3", StartingSequenceNumber="5")
    _page(stub, "a-3", b"2", "a-4")
    assert _data(_next(reader)) == [b"2"]


def _no_answer(reader: streams.Reader, client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: Any) -> Any:
        raise EndpointConnectionError(endpoint_url="http://127.0.0.1:1")

    with monkeypatch.context() as patch:
        patch.setattr(client, "get_records", refuse)
        assert reader.read() == []
    assert not reader.at_end
    assert reader.cut_off


def _next(reader: streams.Reader) -> list[streams.Read]:
    found: list[streams.Read] = []
    while not found:  # the shard is not read for a moment
        found = reader.read()
    return found
