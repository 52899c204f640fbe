"""Whole batches: the handler's code with the trained model, boto3, and a fake AWS server."""

import base64
import json
import logging
import time
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from store_sales import logs
from store_sales.calls import LIMITS, Clients
from store_sales.failures import FailureStore
from store_sales.model import Model
from store_sales.output import StreamWriter
from store_sales.processor import Processor
from store_sales_testing.fake_aws import FakeAws
from store_sales_testing.samples import EVENT, KinesisRecord

STREAM, BUCKET = "predictions", "failed"


class Context:
    """Lambda's context; time passes only when the test says so."""

    aws_request_id = "request-1"

    def __init__(self, milliseconds: int = 60_000, passes: bool = False) -> None:
        self._milliseconds = milliseconds
        self._started = time.monotonic() if passes else None

    def get_remaining_time_in_millis(self) -> int:
        passed = 0 if self._started is None else time.monotonic() - self._started
        return self._milliseconds - round(passed * 1000)


@pytest.fixture
def clients(aws: FakeAws) -> dict[str, Clients[Any]]:
    """The processor's clients of `aws`, by service."""
    return {
        "kinesis": Clients(lambda config: boto3.client("kinesis", config=config)),
        "s3": Clients(lambda config: boto3.client("s3", config=config)),
    }


@pytest.fixture
def processor(aws: FakeAws, model: Model, clients: dict[str, Clients[Any]]) -> Processor:
    """A processor that writes to the stream and the bucket of `aws`."""
    aws.streams[STREAM] = []
    writer = StreamWriter(clients["kinesis"], STREAM, sleep=lambda delay: None)
    return Processor(model, writer, FailureStore(clients["s3"], BUCKET, sleep=lambda delay: None))


@pytest.fixture
def short_of_time(clients: dict[str, Clients[Any]]) -> None:
    """All clients are made already: a busy machine takes a second for it, and some tests have three."""
    for limit in LIMITS:
        for each in clients.values():
            each.within(limit.seconds)


@pytest.fixture
def log_lines(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """The log at DEBUG level."""
    logs.LOGGER.propagate = True
    with caplog.at_level(logging.INFO, logger="store_sales"):
        yield caplog


def process(
    processor: Processor, records: list[dict[str, Any]], milliseconds: int = 60_000, passes: bool = False
) -> list[str]:
    answer = processor.process({"Records": records}, Context(milliseconds, passes))
    assert set(answer) == {"batchItemFailures"}
    return [item["itemIdentifier"] for item in answer["batchItemFailures"]]


def failed_documents(aws: FakeAws) -> dict[str, dict[str, Any]]:
    return {key: json.loads(content) for (bucket, key), content in aws.objects.items() if bucket == BUCKET}


def number_of(record: dict[str, Any]) -> str:
    return str(record["kinesis"]["sequenceNumber"])


def test_an_event_becomes_a_prediction(
    aws: FakeAws, processor: Processor, kinesis_record: KinesisRecord, event: dict[str, Any], trained: dict[str, Any]
) -> None:
    record = kinesis_record(event)
    assert process(processor, [record]) == []
    ((key, data),) = aws.streams[STREAM]
    prediction = json.loads(data)
    sales = prediction["prediction"].pop("sales_prediction")
    assert isinstance(sales, float)
    assert sales > 0
    assert key == "512"
    assert prediction == {
        "model": "store_sales",
        "version": trained["run_id"],
        "prediction": {"sales_id": 512},
        "event_id": record["eventID"],
        "store_known": False,
        "date_in_training_range": False,
    }


def test_the_same_record_always_gives_the_same_output(
    aws: FakeAws, processor: Processor, kinesis_record: KinesisRecord
) -> None:
    record = kinesis_record(EVENT)
    process(processor, [record])
    process(processor, [record])
    first, second = aws.streams[STREAM]
    assert first == second


def test_a_text_sales_id_stays_a_text(
    aws: FakeAws, processor: Processor, kinesis_record: KinesisRecord, event: dict[str, Any]
) -> None:
    process(processor, [kinesis_record({**event, "sales_id": "ä-512"})])
    ((key, data),) = aws.streams[STREAM]
    assert key == "ä-512"
    assert json.loads(data)["prediction"]["sales_id"] == "ä-512"


def test_invalid_events_are_stored_and_their_neighbours_predicted(
    aws: FakeAws, processor: Processor, kinesis_record: KinesisRecord
) -> None:
    payloads: list[bytes | dict[str, Any]] = [EVENT, b"\xff\x00", EVENT, "ä".encode(), b"", EVENT]
    records = [kinesis_record(payload) for payload in payloads]
    assert process(processor, records) == []
    assert [json.loads(data)["event_id"] for _, data in aws.streams[STREAM]] == [
        records[i]["eventID"] for i in (0, 2, 5)
    ]
    found = failed_documents(aws)
    keys = [f"invalid/2025/12/25/shardId-000000000001_{number_of(records[i])}.json" for i in (1, 3, 4)]
    assert sorted(found) == keys
    assert [(d["reason_code"], d["payload"], d["payload_encoding"]) for d in (found[key] for key in keys)] == [
        ("not_utf8", base64.b64encode(b"\xff\x00").decode(), "base64"),
        ("not_json", "ä", "utf-8"),
        ("empty", "", "utf-8"),
    ]
    document = found[keys[0]]
    assert document["reason"].startswith("not UTF-8")
    assert document["event_id"] == records[1]["eventID"]
    assert document["sequence_number"] == number_of(records[1])
    assert document["partition_key"] == "key-1"
    assert document["failed_at"].endswith("+00:00")
    assert document["arrived_at"] == "2025-12-25T00:00:00.250+00:00"
    assert document["stream_arn"].endswith("stream/sales-events-local")


def test_a_payload_of_one_mebibyte_is_stored_in_full(
    aws: FakeAws, processor: Processor, kinesis_record: KinesisRecord
) -> None:
    junk = bytes(range(256)) * 4096
    assert process(processor, [kinesis_record(junk)]) == []
    (document,) = failed_documents(aws).values()
    assert base64.b64decode(document["payload"]) == junk


def test_many_invalid_events_are_all_stored(aws: FakeAws, processor: Processor, kinesis_record: KinesisRecord) -> None:
    records = [kinesis_record(f"junk {number}".encode()) for number in range(60)]
    assert process(processor, records) == []
    assert {d["payload"] for d in failed_documents(aws).values()} == {f"junk {number}" for number in range(60)}


@pytest.mark.usefixtures("short_of_time")
def test_predictions_that_cannot_be_written_are_reported(
    aws: FakeAws, processor: Processor, kinesis_record: KinesisRecord, event: dict[str, Any]
) -> None:
    aws.put_records = lambda key, data: "ProvisionedThroughputExceededException" if key in ("1", "3") else None
    records = [kinesis_record({**event, "sales_id": number}) for number in range(5)]
    assert process(processor, records, milliseconds=3_000) == [number_of(records[1]), number_of(records[3])]
    assert [key for key, _ in aws.streams[STREAM]] == ["0", "2", "4"]


def test_throttled_predictions_are_written_by_retries(
    aws: FakeAws, processor: Processor, kinesis_record: KinesisRecord, event: dict[str, Any]
) -> None:
    refusals = iter(["InternalFailure"] * 7)
    aws.put_records = lambda key, data: next(refusals, None)
    assert process(processor, [kinesis_record({**event, "sales_id": number}) for number in range(5)]) == []
    assert sorted(key for key, _ in aws.streams[STREAM]) == ["0", "1", "2", "3", "4"]


def test_a_missing_stream_reports_every_prediction(
    aws: FakeAws, processor: Processor, kinesis_record: KinesisRecord
) -> None:
    del aws.streams[STREAM]
    records = [kinesis_record(EVENT), kinesis_record(b"junk"), kinesis_record(EVENT)]
    assert process(processor, records) == [number_of(records[0]), number_of(records[2])]
    assert len(failed_documents(aws)) == 1


def test_invalid_events_that_cannot_be_stored_are_reported(
    aws: FakeAws, processor: Processor, kinesis_record: KinesisRecord
) -> None:
    records = [kinesis_record(payload) for payload in (b"a", EVENT, b"b")]
    aws.denied_keys.append(number_of(records[2]))
    assert process(processor, records) == [number_of(records[2])]
    assert len(aws.streams[STREAM]) == 1


def test_without_time_left_invalid_events_are_reported(
    aws: FakeAws, processor: Processor, kinesis_record: KinesisRecord
) -> None:
    record = kinesis_record(b"junk")
    assert process(processor, [record], milliseconds=500) == [number_of(record)]
    assert failed_documents(aws) == {}


@pytest.mark.usefixtures("short_of_time")
def test_a_function_with_a_short_timeout_works(
    aws: FakeAws, processor: Processor, kinesis_record: KinesisRecord
) -> None:
    assert process(processor, [kinesis_record(EVENT), kinesis_record(b"junk")], milliseconds=3_000) == []
    assert len(aws.streams[STREAM]) == 1
    assert len(failed_documents(aws)) == 1


@pytest.mark.usefixtures("short_of_time")
def test_a_throttled_stream_does_not_stop_invalid_events_from_being_stored(
    aws: FakeAws, processor: Processor, kinesis_record: KinesisRecord
) -> None:
    kept: list[int] = []

    def throttled(key: str, data: bytes) -> str:
        kept.append(len(failed_documents(aws)))
        return "ProvisionedThroughputExceededException"

    aws.put_records = throttled
    records = [kinesis_record(EVENT), kinesis_record(b"junk")]
    assert process(processor, records, milliseconds=3_000, passes=True) == [number_of(records[0])]
    assert set(kept) == {1}, "the stream was tried before the invalid event was stored"


@pytest.mark.usefixtures("short_of_time")
def test_a_silent_bucket_leaves_time_for_the_predictions(
    aws: FakeAws, processor: Processor, kinesis_record: KinesisRecord
) -> None:
    aws.silent.add("s3")
    records = [kinesis_record(EVENT), *(kinesis_record(b"junk") for _ in range(30))]
    assert process(processor, records, milliseconds=3_000, passes=True) == [number_of(r) for r in records[1:]]
    assert len(aws.streams[STREAM]) == 1


@pytest.mark.usefixtures("short_of_time")
def test_when_nothing_answers_the_batch_is_reported_in_time(
    aws: FakeAws, processor: Processor, kinesis_record: KinesisRecord
) -> None:
    aws.silent |= {"s3", "kinesis"}
    records = [kinesis_record(EVENT), *(kinesis_record(b"junk") for _ in range(30))]
    started = time.monotonic()
    assert process(processor, records, milliseconds=4_000, passes=True) == [number_of(record) for record in records]
    assert time.monotonic() - started < 4


def test_a_bucket_that_fails_briefly_is_tried_again(
    aws: FakeAws, processor: Processor, kinesis_record: KinesisRecord
) -> None:
    aws.busy_writes = 2
    assert process(processor, [kinesis_record(b"junk")]) == []
    assert len(failed_documents(aws)) == 1


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_events_without_a_finite_prediction_are_stored_as_failed(
    aws: FakeAws,
    processor: Processor,
    model: Model,
    kinesis_record: KinesisRecord,
    monkeypatch: pytest.MonkeyPatch,
    value: float,
) -> None:
    run = model.run

    def broken(features: Any, options: Any) -> Any:
        sales = run(features, options)
        sales[0] = value
        return sales

    monkeypatch.setattr(model, "run", broken)
    records = [kinesis_record(EVENT), kinesis_record(EVENT)]
    assert process(processor, records) == []
    assert [json.loads(data)["event_id"] for _, data in aws.streams[STREAM]] == [records[1]["eventID"]]
    (document,) = failed_documents(aws).values()
    assert (document["reason_code"], document["event_id"]) == ("prediction_not_finite", records[0]["eventID"])
    assert json.loads(document["payload"]) == EVENT


def test_the_model_is_called_once_per_batch(
    processor: Processor, model: Model, kinesis_record: KinesisRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows: list[int] = []
    run = model.run

    def counted(features: Any, options: Any) -> Any:
        rows.append(len(features))
        return run(features, options)

    monkeypatch.setattr(model, "run", counted)
    process(processor, [kinesis_record(EVENT) for _ in range(30)])
    assert rows == [30]


def test_an_empty_batch_is_answered(processor: Processor) -> None:
    assert process(processor, []) == []


def test_an_invocation_from_elsewhere_is_refused(processor: Processor) -> None:
    with pytest.raises(ValueError, match="not a record of a Kinesis stream"):
        process(processor, [{"Sns": {"Message": "hello"}}])


def test_the_log_counts_events_and_quotes_none(
    processor: Processor, kinesis_record: KinesisRecord, event: dict[str, Any], log_lines: pytest.LogCaptureFixture
) -> None:
    records = [kinesis_record({**event, "sales_id": "secret-1"}), kinesis_record(b'"secret-2"'), kinesis_record(b"")]
    process(processor, records)
    lines = [
        json.loads(logs.JsonFormatter().format(record)) for record in log_lines.records if record.name == "store_sales"
    ]
    (line,) = lines
    assert "secret" not in json.dumps(lines)
    assert (line["records"], line["predicted"], line["invalid"], line["unwritten"]) == (3, 1, 2, 0)
    assert line["invalid_reasons"] == {"not_an_object": 1, "empty": 1}
    assert (line["level"], line["request_id"], line["unknown_stores"]) == ("WARNING", "request-1", 1)
    assert line["duration_ms"] >= line["predict_ms"] >= 0
