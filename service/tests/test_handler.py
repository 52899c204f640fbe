"""The function as Lambda starts it: in its own process, without the training packages."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from store_sales_testing.fake_aws import FakeAws
from store_sales_testing.samples import EVENT, KinesisRecord

PROGRAM = """
import importlib.abc, json, sys

FORBIDDEN = {"mlflow", "pandas", "sklearn", "onnx", "training", "yaml", "matplotlib", "scipy"}

class Block(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in FORBIDDEN:
            raise ModuleNotFoundError(f"the function must not import {name}")

sys.meta_path.insert(0, Block())

class Context:
    aws_request_id = "request-1"
    def get_remaining_time_in_millis(self):
        return 60_000

from store_sales.handler import lambda_handler
print(json.dumps({"answer": lambda_handler(json.load(sys.stdin), Context())}))
"""

Start = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def start(aws: FakeAws, trained: dict[str, Any]) -> Start:
    """Start the function with a batch; the model is in the bucket. Settings that are None are not set."""
    folder = Path(trained["model_dir"])
    for path in (path for path in folder.rglob("*") if path.is_file()):
        aws.objects["models", f"{trained['model_key']}/{path.relative_to(folder)}"] = path.read_bytes()
    aws.streams["predictions"] = []
    settings: dict[str, str | None] = {
        "PREDICTIONS_STREAM_NAME": "predictions",
        "MODEL_BUCKET": "models",
        "RUN_ID": trained["run_id"],
        "FAILED_EVENTS_BUCKET": "failed",
    }

    def run(records: list[dict[str, Any]], **changed: str | None) -> subprocess.CompletedProcess[str]:
        environment = {
            name: value for name, value in {**os.environ, **settings, **changed}.items() if value is not None
        }
        return subprocess.run(
            [sys.executable, "-c", PROGRAM],
            input=json.dumps({"Records": records}),
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_a_batch_is_answered_without_any_training_package(
    aws: FakeAws, start: Start, kinesis_record: KinesisRecord
) -> None:
    done = start([kinesis_record(EVENT), kinesis_record(b"junk")])
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines[-1] == {"answer": {"batchItemFailures": []}}
    assert [line["message"] for line in lines[:-1]] == ["model loaded", "batch processed"]
    assert lines[0]["stores"] == 3
    assert [key for key, _ in aws.streams["predictions"]] == ["512"]
    assert [key for bucket, key in aws.objects if bucket == "failed"] != []


def test_the_model_location_can_be_overridden(
    aws: FakeAws, start: Start, trained: dict[str, Any], kinesis_record: KinesisRecord
) -> None:
    aws.objects["elsewhere", "a/model.onnx"] = (Path(trained["model_dir"]) / "model.onnx").read_bytes()
    done = start([kinesis_record(EVENT)], RUN_ID="custom-1", MODEL_LOCATION="s3://elsewhere/a")
    assert done.returncode == 0, done.stderr
    ((_, data),) = aws.streams["predictions"]
    assert json.loads(data)["version"] == "custom-1"


def test_without_its_shadow_model_the_function_starts_and_answers(
    aws: FakeAws, start: Start, kinesis_record: KinesisRecord
) -> None:
    done = start([kinesis_record(EVENT)], SHADOW_RUN_ID="no-such-run", AWS_LAMBDA_FUNCTION_NAME="store_sales_test")
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["message"] for line in lines[:-1]] == ["model loaded", "shadow failed", "batch processed"]
    assert (lines[1]["shadow_version"], lines[1]["FunctionName"]) == ("no-such-run", "store_sales_test")
    assert [key for key, _ in aws.streams["predictions"]] == ["512"]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"RUN_ID": "no-such-run"}, "ModelError: no model of run no-such-run in bucket models"),
        ({"MODEL_BUCKET": "nowhere"}, "cannot be looked up in bucket nowhere: "),
        ({"MODEL_LOCATION": "s3://models/gone"}, "ModelError: model s3://models/gone/model.onnx cannot be read: "),
        ({"RUN_ID": None, "FAILED_EVENTS_BUCKET": ""}, "missing or empty: RUN_ID, FAILED_EVENTS_BUCKET"),
    ],
)
def test_a_missing_model_or_setting_fails_the_start(start: Start, changed: dict[str, str | None], message: str) -> None:
    done = start([], **changed)
    assert done.returncode != 0
    assert message in done.stderr.splitlines()[-1]
