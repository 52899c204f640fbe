"""Fixtures of the service's unit tests."""

import csv
import itertools
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from store_sales.model import Model
from store_sales_testing.fake_aws import FakeAws, FakeAwsServer
from store_sales_testing.samples import EVENT, KinesisRecord, make_record, sales_rows

# No test fails for the time that an example takes: machines are noisy.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the caller's AWS variables from tests; set fake keys, no profile, no instance metadata lookup."""
    for name in os.environ:
        if name.startswith(("AWS_", "MLFLOW_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "ap-south-1")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeAws]:
    """A server that boto3 clients of this test talk to."""
    with FakeAwsServer() as fake:
        monkeypatch.setenv("AWS_ENDPOINT_URL", fake.url)
        yield fake


@pytest.fixture
def event() -> dict[str, Any]:
    """The sample event; a copy that the test may change."""
    copy: dict[str, Any] = json.loads(json.dumps(EVENT))
    return copy


@pytest.fixture
def kinesis_record() -> KinesisRecord:
    """Make a record in the form of Lambda's event; sequence numbers increase."""
    numbers = itertools.count(49_660_000_000_000_000_000)
    return lambda payload: make_record(payload, str(next(numbers)))


@pytest.fixture(scope="session")
def sales_csv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CSV file of 3 stores (7, 14, 21) and 200 days from 2021-01-04."""
    path = tmp_path_factory.mktemp("data") / "sales.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["date", "store", "sales", "promo", "holiday"])
        writer.writerows(sales_rows())
    return path


@pytest.fixture(scope="session")
def trained(sales_csv: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The result of a training started through the command line's own code."""
    from training.train import main

    folder = tmp_path_factory.mktemp("training")
    result = folder / "result.json"
    arguments = ["--data", sales_csv, "--mlflow-dir", folder / "mlflow", "--cache-dir", folder, "--result", result]
    assert main([str(argument) for argument in arguments]) == 0
    content: dict[str, Any] = json.loads(result.read_text())
    return content


@pytest.fixture(scope="session")
def model_bytes(trained: dict[str, Any]) -> bytes:
    """The trained ONNX file."""
    return (Path(trained["model_dir"]) / "model.onnx").read_bytes()


@pytest.fixture(scope="session")
def model(model_bytes: bytes, trained: dict[str, Any]) -> Model:
    """The trained model, loaded as the function loads it."""
    return Model(model_bytes, trained["run_id"])
