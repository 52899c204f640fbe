"""Writing to the stream: limits, retries of the failed part, deadline. The client imitates PutRecords."""

import itertools
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError, ReadTimeoutError
from hypothesis import given
from hypothesis import strategies as st

from store_sales.calls import LIMITS, Clients
from store_sales.output import MAX_BYTES, MAX_RECORDS, OutputRecord, StreamWriter, chunks

Answer = Callable[[str], str | None] | Exception


def records_of(count: int) -> list[OutputRecord]:
    return [OutputRecord(str(number), f"key-{number}", b"data") for number in range(count)]


class Client:
    """Answers PutRecords from a script: per call, a function from partition key to error code, or an exception."""

    def __init__(self, script: Sequence[Answer] = ()) -> None:
        self.script = list(script)
        self.calls: list[list[str]] = []

    def put_records(self, StreamName: str, Records: list[dict[str, Any]]) -> dict[str, Any]:
        assert StreamName == "predictions"
        assert len(Records) <= 500
        self.calls.append([record["PartitionKey"] for record in Records])
        answer = self.script.pop(0) if self.script else lambda key: None
        if isinstance(answer, Exception):
            raise answer
        codes = [answer(record["PartitionKey"]) for record in Records]
        results = [{"ErrorCode": code} if code else {"SequenceNumber": "1", "ShardId": "s"} for code in codes]
        return {"FailedRecordCount": sum(code is not None for code in codes), "Records": results}


def client_error(code: str, status: int = 400) -> ClientError:
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "PutRecords")  # type: ignore[typeddict-item]


class Clock:
    """A clock that advances while the writer sleeps or waits for a client that gets no answer."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.delays: list[float] = []

    def sleep(self, delay: float) -> None:
        self.delays.append(delay)
        self.seconds -= delay

    def left(self) -> float:
        return self.seconds


class SilentClient:
    """Gets no answer: each call takes its whole time limit."""

    def __init__(self, config: Any, clock: Clock, waits: list[float]) -> None:
        self._seconds = config.connect_timeout + config.read_timeout
        self._clock = clock
        self._waits = waits

    def put_records(self, **_: Any) -> dict[str, Any]:
        self._waits.append(self._seconds)
        self._clock.seconds -= self._seconds
        raise ReadTimeoutError(endpoint_url="http://127.0.0.1:1")


def write(client: Client, records: list[OutputRecord], seconds: float = 60) -> tuple[list[str], Clock]:
    clock = Clock(seconds)
    clients: Any = Clients(lambda config: client)
    writer = StreamWriter(clients, "predictions", clock.sleep, jitter=lambda low, high: high)
    return [record.partition_key for record in writer.write(records, clock.left)], clock


THROTTLED = "ProvisionedThroughputExceededException"


@given(st.lists(st.tuples(st.integers(0, 1024 * 1024), st.integers(1, 256)), max_size=40), st.integers(0, 1200))
def test_chunks_keep_order_and_limits(sizes: list[tuple[int, int]], small: int) -> None:
    blob = b"x" * 1024 * 1024
    keys = [f"{i}" + "ä" * key for i, (_, key) in enumerate(sizes)]
    records = [OutputRecord(key, key, blob[:size]) for key, (size, _) in zip(keys, sizes, strict=True)]
    records += records_of(small)
    parts = list(chunks(records))
    assert [record for part in parts for record in part] == records
    for part in parts:
        assert 1 <= len(part) <= MAX_RECORDS
        assert sum(len(r.data) + len(r.partition_key.encode()) for r in part) <= MAX_BYTES
    for part, following in itertools.pairwise(parts):
        assert len(part) == MAX_RECORDS or sum(r.size for r in part) + following[0].size > MAX_BYTES


def test_chunks_fill_a_call_up_to_the_limit() -> None:
    record = OutputRecord("1", "k" * 24, b"x" * (1024 * 1024 - 24))
    records = [OutputRecord("1", f"{n}" * 24, record.data) for n in range(6)]
    assert [len(part) for part in chunks(records)] == [5, 1]
    assert [len(part) for part in chunks(records_of(1001))] == [500, 500, 1]


@given(st.lists(st.sampled_from("abcdef"), max_size=40))
def test_no_call_has_a_key_twice(keys: list[str]) -> None:
    records = [OutputRecord(str(number), key, b"data") for number, key in enumerate(keys)]
    parts = list(chunks(records))
    assert [record for part in parts for record in part] == records
    for part, following in itertools.pairwise([[], *parts]):
        assert len({record.partition_key for record in following}) == len(following)
        assert not part or following[0].partition_key in {record.partition_key for record in part}


def test_a_failed_record_holds_back_only_records_with_its_key() -> None:
    """When Lambda retries the batch, they are written after it."""
    client = Client([client_error("ValidationException")])
    records = [OutputRecord(str(number), key, b"data") for number, key in enumerate("abacb")]
    failed, _ = write(client, records)
    assert client.calls == [["a", "b"], ["c"]]
    assert failed == ["a", "b", "a", "b"]


def test_without_records_there_is_no_call() -> None:
    client = Client()
    assert write(client, [])[0] == []
    assert client.calls == []


def test_only_the_failed_part_is_retried() -> None:
    client = Client([lambda key: THROTTLED if key in ("key-1", "key-3") else None])
    failed, clock = write(client, records_of(5))
    assert failed == []
    assert client.calls == [["key-0", "key-1", "key-2", "key-3", "key-4"], ["key-1", "key-3"]]
    assert clock.delays == [0.05]


def test_back_off_doubles_up_to_five_seconds_and_ends_with_the_time_left() -> None:
    client = Client([lambda key: "InternalFailure"] * 100)
    failed, clock = write(client, records_of(2), seconds=20)
    assert failed == ["key-0", "key-1"]
    assert clock.delays == [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
    assert clock.seconds > 0


def test_without_time_for_a_call_none_is_made() -> None:
    client = Client()
    failed, clock = write(client, records_of(700), seconds=0.7)
    assert len(failed) == 700
    assert client.calls == []
    assert clock.delays == []


@pytest.mark.parametrize(
    ("seconds", "first_wait"), [(178, 12), (12, 12), (11.9, 6), (8, 6), (2.4, 1.5), (0.8, 0.75), (0.7, None)]
)
def test_a_silent_stream_never_takes_more_than_the_time_left(seconds: float, first_wait: float | None) -> None:
    clock, waits = Clock(seconds), list[float]()
    clients: Any = Clients(lambda config: SilentClient(config, clock, waits))
    writer = StreamWriter(clients, "predictions", clock.sleep, jitter=lambda low, high: high)
    assert len(writer.write(records_of(10_000), clock.left)) == 10_000
    assert clock.seconds >= 0
    assert waits[:1] == ([] if first_wait is None else [first_wait])


def test_a_client_is_made_once_for_each_time_limit_and_does_not_retry() -> None:
    made: list[Any] = []
    clients = Clients(lambda config: made.append(config) or len(made))  # type: ignore[func-returns-value]
    assert len(made) == 1
    assert [clients.within(seconds) for seconds in (60, 12, 6, 5, 3, 60, 0.75, 0.1)] == [1, 1, 2, 3, 3, 1, 4, None]
    assert [(c.connect_timeout, c.read_timeout) for c in made[:2]] == [(2, 10), (2, 4)]
    assert {c.retries["total_max_attempts"] for c in made} == {1}
    assert [limit.seconds for limit in LIMITS] == sorted((limit.seconds for limit in LIMITS), reverse=True)


def test_the_time_that_making_a_client_takes_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN a machine that takes 4 s to create a client
    now = [0.0]

    def make(config: Config) -> float:
        now[0] += 4
        return float(config.connect_timeout + config.read_timeout)  # type: ignore[attr-defined]

    monkeypatch.setattr("store_sales.calls.time", SimpleNamespace(monotonic=lambda: now[0]))
    clients = Clients(make)
    # WHEN a call may take 6 s THEN the call ends within the 2 s that are left, or there is none
    chosen = clients.within(6)
    assert chosen is None or chosen <= 2


@pytest.mark.parametrize(
    "error",
    [
        client_error(THROTTLED),
        client_error("KMSThrottlingException"),
        client_error("ServiceUnavailable", 503),
        client_error("Unheard", 500),
        EndpointConnectionError(endpoint_url="http://127.0.0.1:1"),
        ReadTimeoutError(endpoint_url="http://127.0.0.1:1"),
    ],
)
def test_a_failed_call_is_retried_when_that_can_help(error: Exception) -> None:
    client = Client([error])
    failed, clock = write(client, records_of(2))
    assert failed == []
    assert len(client.calls) == 2
    assert len(clock.delays) == 1


@pytest.mark.parametrize(
    "error",
    [
        client_error("ResourceNotFoundException"),
        client_error("AccessDeniedException"),
        client_error("ValidationException"),
        NoCredentialsError(),
    ],
)
def test_a_failed_call_is_not_retried_when_that_cannot_help(error: Exception) -> None:
    client = Client([error, error])
    failed, clock = write(client, records_of(501))
    assert len(failed) == 501
    assert [len(call) for call in client.calls] == [500, 1]
    assert clock.delays == []


def test_a_failed_chunk_does_not_affect_its_neighbours() -> None:
    client = Client([client_error("ValidationException")])
    failed, _ = write(client, records_of(600))
    assert failed == [f"key-{number}" for number in range(500)]


def test_the_jitter_lies_between_nothing_and_the_full_delay() -> None:
    bounds = []

    def jitter(low: float, high: float) -> float:
        bounds.append((low, high))
        return low

    client = Client([lambda key: THROTTLED] * 3)
    clients: Any = Clients(lambda config: client)
    writer = StreamWriter(clients, "predictions", lambda delay: None, jitter)
    assert writer.write(records_of(1), lambda: 60) == []
    assert bounds == [(0, 0.05), (0, 0.1), (0, 0.2)]
