"""Shadow mode: the second model's answers are logged, and it never changes the live model's output."""

import datetime as dt
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import numpy as np
import onnx
import pytest
from botocore.config import Config

from store_sales import logs, shadow
from store_sales.calls import Clients
from store_sales.failures import FailureStore
from store_sales.model import Model
from store_sales.output import StreamWriter
from store_sales.processor import Processor
from store_sales.shadow import UNITS, Shadow, load_shadow
from store_sales_testing.fake_aws import FakeAws
from store_sales_testing.samples import EVENT, KinesisRecord, make_event

STREAM, BUCKET, FUNCTION = "predictions", "failed", "store_sales_test"
FACTOR = 1.5
Process = Callable[[Shadow | None], list[dict[str, Any]]]


class Context:
    aws_request_id = "request-1"

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


def scaled(content: bytes, factor: float) -> bytes:
    """A separate model that answers the trained one's predictions times a factor."""
    model = onnx.load_from_string(content)
    graph = model.graph
    graph.node[-1].output[0] = "unscaled"
    graph.initializer.append(onnx.helper.make_tensor("factor", onnx.TensorProto.FLOAT, [], [factor]))
    graph.node.append(onnx.helper.make_node("Mul", ["unscaled", "factor"], [graph.output[0].name]))
    return bytes(model.SerializeToString())


@pytest.fixture
def other(model_bytes: bytes) -> Model:
    """A second model whose answers are 1.5 times those of the first."""
    return Model(scaled(model_bytes, FACTOR), "other-run")


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """The logged lines, as CloudWatch receives them."""
    logs.LOGGER.propagate = True

    def strict(name: str) -> None:
        raise AssertionError(f"{name} is not JSON")

    with caplog.at_level(logging.DEBUG, logger="store_sales"):
        yield lambda: [
            json.loads(logs.JsonFormatter().format(record), parse_constant=strict)
            for record in caplog.records
            if record.name == "store_sales"
        ]


@pytest.fixture
def process(aws: FakeAws, model: Model, kinesis_record: KinesisRecord) -> Process:
    """Process three valid events and an invalid one with a shadow; returns the output stream's records."""
    records = [
        kinesis_record({**EVENT, "sales_input": {**EVENT["sales_input"], "store": store}}) for store in (7, 14, 21)
    ]
    records.append(kinesis_record(b"junk"))

    def run(second: Shadow | None) -> list[dict[str, Any]]:
        aws.streams[STREAM] = []
        kinesis = Clients(lambda config: boto3.client("kinesis", config=config))
        s3 = Clients(lambda config: boto3.client("s3", config=config))
        processor = Processor(model, StreamWriter(kinesis, STREAM), FailureStore(s3, BUCKET), second)
        assert processor.process({"Records": records}, Context()) == {"batchItemFailures": []}
        return [json.loads(data) for _, data in aws.streams[STREAM]]

    return run


def assert_embedded_metrics(line: dict[str, Any]) -> dict[str, float]:
    """Check that the line follows CloudWatch's Embedded Metric Format; return its metrics.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
    """
    header = line["_aws"]
    assert abs(header["Timestamp"] / 1000 - time.time()) < 3600
    (directive,) = header["CloudWatchMetrics"]
    assert set(directive) == {"Namespace", "Dimensions", "Metrics"}
    assert directive["Namespace"] == "StoreSales"
    for name in (name for names in directive["Dimensions"] for name in names):
        assert isinstance(line[name], str), "a dimension is a string at the top level"
    assert len(directive["Metrics"]) <= 100
    for metric in directive["Metrics"]:
        assert metric["Unit"] in ("Count", "Milliseconds", "None")
        assert type(line[metric["Name"]]) in (int, float), "a metric is a number at the top level"
    return {metric["Name"]: line[metric["Name"]] for metric in directive["Metrics"]}


def test_the_differences_are_logged_and_the_predictions_are_the_live_models(
    process: Process, other: Model, model: Model, lines: Callable[[], list[dict[str, Any]]]
) -> None:
    alone = process(None)
    assert process(Shadow(other, FUNCTION)) == alone
    (line,) = [line for line in lines() if line["message"] == "shadow compared"]
    measured = assert_embedded_metrics(line)
    assert set(measured) == set(UNITS)
    assert (measured["ShadowEvents"], measured["ShadowNotFinite"], measured["ShadowErrors"]) == (3, 0, 0)
    assert measured["ShadowMeanRelativeDifference"] == pytest.approx(FACTOR - 1, rel=1e-5)
    assert measured["ShadowMaxAbsoluteRelativeDifference"] == pytest.approx(FACTOR - 1, rel=1e-5)
    assert (line["model_version"], line["shadow_version"]) == (model.version, "other-run")
    assert (line["FunctionName"], line["ShadowVersion"]) == (FUNCTION, "other-run")
    assert (line["first_event_id"], line["last_event_id"]) == (alone[0]["event_id"], alone[-1]["event_id"])
    single = {line["event_id"]: line for line in lines() if line["message"] == "shadow"}
    for answer in alone:
        found = single[answer["event_id"]]
        assert found["level"] == "DEBUG"
        assert found["live_sales"] == answer["prediction"]["sales_prediction"]
        assert found["shadow_sales"] == pytest.approx(found["live_sales"] * FACTOR, rel=1e-5)


def test_signed_differences_cancel_out_and_absolute_ones_do_not() -> None:
    def answered(sales: float) -> shadow.Answered:
        return shadow.Answered("id", None, sales)  # type: ignore[arg-type]

    live = [answered(100.0), answered(100.0), answered(0.0), answered(50.0)]
    measured = shadow.compared(live, [110.0, 90.0, 5.0, float("inf")])
    assert measured == {
        "ShadowEvents": 4,
        "ShadowNotFinite": 1,
        "ShadowErrors": 0,
        "ShadowMeanRelativeDifference": pytest.approx(0),
        "ShadowMeanAbsoluteRelativeDifference": pytest.approx(0.1),
        "ShadowMaxAbsoluteRelativeDifference": pytest.approx(0.1),
    }


def test_a_shadow_that_answers_nan_is_counted(
    process: Process, model_bytes: bytes, lines: Callable[[], list[dict[str, Any]]]
) -> None:
    alone = process(None)
    assert process(Shadow(Model(scaled(model_bytes, float("nan")), "nan-run"), FUNCTION)) == alone
    (line,) = [line for line in lines() if line["message"] == "shadow compared"]
    measured = assert_embedded_metrics(line)
    assert (measured["ShadowEvents"], measured["ShadowNotFinite"]) == (3, 3)
    assert "ShadowMeanRelativeDifference" not in measured
    assert {line["shadow_sales"] for line in lines() if line["message"] == "shadow"} == {"nan"}


@pytest.mark.parametrize("error", [RuntimeError("broken"), MemoryError(), SystemExit(3)])
def test_a_shadow_that_raises_is_logged_and_asked_again(
    process: Process,
    other: Model,
    lines: Callable[[], list[dict[str, Any]]],
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
) -> None:
    def broken(*_: Any) -> Any:
        raise error

    alone = process(None)
    second = Shadow(other, FUNCTION)
    with monkeypatch.context() as patched:
        patched.setattr(other, "run", broken)
        assert process(second) == alone
    (line,) = [line for line in lines() if line["message"] == "shadow failed"]
    assert assert_embedded_metrics(line) == {"ShadowErrors": 1}
    assert (line["level"], line["given_up"], line["shadow_version"]) == ("ERROR", False, "other-run")
    assert type(error).__name__ in line["cause"]
    process(second)
    assert [line["message"] for line in lines() if "_aws" in line] == ["shadow failed", "shadow compared"]


def test_a_shadow_that_does_not_answer_is_given_up_after_the_predictions_are_written(
    process: Process,
    other: Model,
    aws: FakeAws,
    lines: Callable[[], list[dict[str, Any]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    alone = process(None)
    ended, written_before = threading.Event(), []

    def stuck(features: Any, options: Any) -> Any:
        written_before.append(len(aws.streams[STREAM]))
        ended.wait()
        return np.zeros(len(features), dtype=np.float32)

    monkeypatch.setattr(other, "run", stuck)
    second = Shadow(other, FUNCTION, limit=0.2)
    try:
        assert process(second) == alone
        assert process(second) == alone
    finally:
        ended.set()
    assert written_before == [3], "asked once, after all writes"
    (line,) = [line for line in lines() if line["message"] == "shadow failed"]
    assert (line["given_up"], line["cause"]) == (True, "TimeoutError: no answer within 0.2 s")


def test_a_batch_with_little_time_left_waits_for_half_of_it(
    other: Model, lines: Callable[[], list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = threading.Event()
    monkeypatch.setattr(other, "predict", lambda events, options: ended.wait())
    answered = [shadow.Answered("id", None, 1.0)]  # type: ignore[arg-type]
    try:
        Shadow(other, FUNCTION).observe(answered, "live", lambda: 0.4)
    finally:
        ended.set()
    (line,) = [line for line in lines() if line["message"] == "shadow failed"]
    assert line["cause"] == "TimeoutError: no answer within 0.2 s"


def test_a_batch_that_has_used_up_its_time_does_not_wait_and_does_not_end_the_shadow(
    other: Model, process: Process, lines: Callable[[], list[dict[str, Any]]]
) -> None:
    event = shadow.Answered("id", make_event(dt.date(2022, 12, 25), 7, 1, 0, 512), 1.0)
    second = Shadow(other, FUNCTION)
    second.observe([event], "live", lambda: -1.0)
    assert [line["message"] for line in lines()] == ["shadow left out: no time"]
    second.observe([event], "live", lambda: 60.0)
    assert [line["message"] for line in lines() if "_aws" in line] == ["shadow compared"]


@pytest.fixture
def load(aws: FakeAws, trained: dict[str, Any]) -> Callable[..., Shadow | None]:
    """Load the trained model as a shadow, from a bucket that holds it."""
    for name in ("MLmodel", "model.onnx"):
        aws.objects["models", f"{trained['model_key']}/{name}"] = (Path(trained["model_dir"]) / name).read_bytes()
    client = boto3.client("s3", config=Config(retries={"total_max_attempts": 1}))
    return lambda run_id=trained["run_id"], bucket="models", live="live-run": load_shadow(
        client, bucket, run_id, live, FUNCTION
    )


def test_a_shadow_is_loaded(load: Callable[..., Shadow | None], process: Process) -> None:
    second = load()
    assert second is not None
    assert process(second) == process(None)


@pytest.mark.parametrize(
    ("wrong", "cause"),
    [
        ({"run_id": "no-such-run"}, "ModelError: no model of run no-such-run in bucket models"),
        ({"bucket": "nowhere"}, "cannot be looked up in bucket nowhere"),
        ({"live": None}, "SHADOW_RUN_ID equals RUN_ID"),
    ],
)
def test_a_shadow_that_cannot_be_loaded_is_left_out(
    load: Callable[..., Shadow | None],
    trained: dict[str, Any],
    lines: Callable[[], list[dict[str, Any]]],
    wrong: dict[str, Any],
    cause: str,
) -> None:
    assert load(**{name: value or trained["run_id"] for name, value in wrong.items()}) is None
    (line,) = [line for line in lines() if line["message"] == "shadow failed"]
    assert assert_embedded_metrics(line) == {"ShadowErrors": 1}
    assert cause in line["cause"]
    assert line["given_up"] is True


def test_a_damaged_shadow_is_left_out(
    load: Callable[..., Shadow | None], aws: FakeAws, trained: dict[str, Any], lines: Callable[[], list[dict[str, Any]]]
) -> None:
    aws.objects["models", f"{trained['model_key']}/model.onnx"] = b"damaged"
    assert load() is None
    assert "damaged or not an ONNX model" in lines()[-1]["cause"]


def test_a_shadow_that_takes_long_to_load_is_left_out(
    load: Callable[..., Shadow | None],
    lines: Callable[[], list[dict[str, Any]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ended = threading.Event()
    monkeypatch.setattr(shadow, "LOAD_SECONDS", 0.2)
    monkeypatch.setattr(shadow, "load_model", lambda *_: ended.wait())
    try:
        assert load() is None
    finally:
        ended.set()
    assert "TimeoutError" in lines()[-1]["cause"]
