"""The served model: loading, refusals, predictions."""

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import numpy as np
import onnx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from onnx import TensorProto, helper

from store_sales.events import Event
from store_sales.features import FEATURE_NAMES, feature_matrix
from store_sales.location import ModelError
from store_sales.model import Model, load_model, shortest
from store_sales_testing.fake_aws import FakeAws
from store_sales_testing.samples import make_event


def event_on(date: str, store: int = 7, promo: int = 0, sales_id: int = 1) -> Event:
    return make_event(dt.date.fromisoformat(date), store, promo, 0, sales_id)


def test_predictions_follow_the_data_it_was_trained_on(model: Model) -> None:
    small, large, promoted = model.predict(
        [event_on("2021-06-02", 7), event_on("2021-06-02", 21), event_on("2021-06-02", 21, promo=1)]
    )
    assert small.sales == pytest.approx(2000 * 1.1, rel=0.1)  # a Wednesday: 1.2 - 2 * 0.05
    assert large.sales == pytest.approx(6000 * 1.1, rel=0.1)
    assert promoted.sales == pytest.approx(6000 * 1.1 * 1.3, rel=0.1)


def test_unknown_stores_and_dates_are_predicted_and_marked(model: Model) -> None:
    known, unknown, late, early = model.predict(
        [event_on("2021-03-01"), event_on("2021-03-01", 10**30), event_on("2022-12-25"), event_on("0001-01-01")]
    )
    assert (known.store_known, known.date_in_training_range) == (True, True)
    assert (unknown.store_known, unknown.date_in_training_range) == (False, True)
    assert (late.store_known, late.date_in_training_range) == (True, False)
    assert (early.store_known, early.date_in_training_range) == (True, False)
    assert 2000 < unknown.sales < 7000  # between the smallest and the largest store


def test_the_training_range_includes_its_first_and_last_day(model: Model, trained: dict[str, Any]) -> None:
    first, last = (dt.date.fromisoformat(day) for day in trained["date_range"])
    days = [first, last, first - dt.timedelta(days=1), last + dt.timedelta(days=1)]
    marks = [p.date_in_training_range for p in model.predict([event_on(day.isoformat()) for day in days])]
    assert marks == [True, True, False, False]


def test_a_batch_gives_the_same_predictions_as_single_events(model: Model) -> None:
    events = [event_on(f"2021-0{1 + i % 6}-1{i % 9}", 7 * (1 + i % 4), i % 2) for i in range(60)]
    alone = [model.predict([event])[0].sales for event in events]
    assert [p.sales for p in model.predict(events)] == pytest.approx(alone, rel=1e-6)


def test_without_events_the_model_is_not_called(model: Model) -> None:
    assert model.predict([]) == []


def test_the_json_number_is_the_float32_itself(model: Model) -> None:
    event = event_on("2021-03-01")
    features = feature_matrix([event.sales_input.date], [event.sales_input.store], [0], [0], model.profiles)
    (sales,) = (prediction.sales for prediction in model.predict([event]))
    assert np.float32(sales) == model.run(features)[0]
    assert len(repr(sales)) <= 10


@given(st.lists(st.floats(0, width=32) | st.just(float("nan")), min_size=1, max_size=50))
@example([0.0, 131072.125, 2097152.25, 999_999.94, 1e-40, 3.4e38, float("inf")])
def test_the_shortest_form_is_numpys(values: list[float]) -> None:
    floats = np.array(values, dtype=np.float32)
    assert [repr(value) for value in shortest(floats)] == [repr(float(str(value))) for value in floats]


def tiny_model(
    scale: float, metadata: dict[str, str], features: int = len(FEATURE_NAMES), kind: int = TensorProto.FLOAT
) -> bytes:
    """An ONNX model that multiplies the sum of the features."""
    weight = helper.make_tensor("scale", TensorProto.FLOAT, [], [scale])
    nodes = [
        helper.make_node("Cast", ["features"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("ReduceSum", ["floats", "axes"], ["sum"], keepdims=0),
        helper.make_node("Mul", ["sum", "scale"], ["sales"]),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("features", kind, ["n", features])],
        [helper.make_tensor_value_info("sales", TensorProto.FLOAT, ["n"])],
        [weight, helper.make_tensor("axes", TensorProto.INT64, [1], [1])],
    )
    tiny = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    helper.set_model_props(tiny, metadata)
    content: bytes = tiny.SerializeToString()
    return content


@pytest.fixture
def metadata(model_bytes: bytes) -> dict[str, str]:
    """The metadata of the trained model."""
    return {entry.key: entry.value for entry in onnx.load_from_string(model_bytes).metadata_props}


def test_a_prediction_is_never_negative(metadata: dict[str, str]) -> None:
    negative = Model(tiny_model(-1, metadata), "run")
    assert negative.predict([event_on("2021-03-01")])[0].sales == 0


def test_infinite_and_nan_predictions_are_passed_on(metadata: dict[str, str]) -> None:
    assert Model(tiny_model(float("inf"), metadata), "run").predict([event_on("2021-03-01")])[0].sales == float("inf")
    assert np.isnan(Model(tiny_model(float("nan"), metadata), "run").predict([event_on("2021-03-01")])[0].sales)


Damage = Callable[[bytes, dict[str, str]], bytes]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda content, _: b"", "damaged or not an ONNX model"),
        (lambda content, _: b"<Error>not found</Error>", "damaged or not an ONNX model"),
        (lambda content, _: content[: len(content) // 2], "damaged or not an ONNX model"),
        (lambda _, data: tiny_model(1, data, features=5), r"takes features: tensor\(float\) \['n', 5\].* expected"),
        (lambda _, data: tiny_model(1, data, kind=TensorProto.INT64), r"takes features: tensor\(int64\)"),
        (lambda _, data: tiny_model(1, {}), "metadata lacks feature_names, store_profiles, date_range"),
        (lambda _, data: tiny_model(1, {**data, "feature_names": '["a"]'}), r"trained on the features \['a'\]"),
        (lambda _, data: tiny_model(1, {**data, "date_range": "[1, 2]"}), "date_range"),
        (lambda _, data: tiny_model(1, {**data, "date_range": "[]"}), "not enough values"),
        (lambda _, data: tiny_model(1, {**data, "store_profiles": "{}"}), "store profiles"),
    ],
)
def test_a_model_that_does_not_fit_is_refused(
    damage: Damage, message: str, model_bytes: bytes, metadata: dict[str, str]
) -> None:
    with pytest.raises(ValueError, match=message):
        Model(damage(model_bytes, metadata), "run")


def test_the_trained_model_is_loaded_from_the_bucket(aws: FakeAws, trained: dict[str, Any]) -> None:
    folder = Path(trained["model_dir"])
    for path in (path for path in folder.rglob("*") if path.is_file()):
        aws.objects["models", f"{trained['model_key']}/{path.relative_to(folder)}"] = path.read_bytes()
    loaded = load_model(boto3.client("s3"), "models", trained["run_id"])
    assert loaded.version == trained["run_id"]
    assert list(loaded.profiles.stores) == trained["stores"]


def test_a_damaged_model_is_named_with_bucket_key_and_cause(aws: FakeAws) -> None:
    aws.objects["models", "1/run/artifacts/model/model.onnx"] = b"junk"
    with pytest.raises(ModelError, match=r"s3://models/1/run/artifacts/model/model.onnx cannot be used: damaged"):
        load_model(boto3.client("s3"), "models", "run")


def test_an_unreadable_model_is_named_with_bucket_key_and_cause(aws: FakeAws) -> None:
    aws.objects["models", "1/run/artifacts/model/model.onnx"] = b"junk"
    aws.denied_keys.append("model.onnx")
    with pytest.raises(
        ModelError, match=r"s3://models/1/run/artifacts/model/model.onnx cannot be read: .*AccessDenied"
    ):
        load_model(boto3.client("s3"), "models", "run")


def test_the_metadata_is_json(metadata: dict[str, str], trained: dict[str, Any]) -> None:
    assert json.loads(metadata["store_profiles"])["stores"] == trained["stores"] == [7, 14, 21]
    assert json.loads(metadata["date_range"]) == trained["date_range"]
