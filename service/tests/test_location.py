"""Looking up a run's model in a bucket, through boto3 against a server."""

import boto3
import pytest

from store_sales.location import ModelError, find_model, run_id_of
from store_sales_testing.fake_aws import FakeAws

CLASSIC, LOGGED = "3/run1/artifacts/model", "2/models/m-b/artifacts"


@pytest.fixture
def bucket(aws: FakeAws) -> FakeAws:
    """A bucket with models of other runs; lists come in pages of two keys."""
    for model, run in (("a", "run0"), ("c", "run2"), ("d", "run3"), ("e", "run10")):
        aws.objects["models", f"2/models/m-{model}/artifacts/MLmodel"] = f"flavors: {{}}\nrun_id: {run}\n".encode()
        aws.objects["models", f"2/models/m-{model}/artifacts/model.onnx"] = b""
    aws.objects["models", "readme.txt"] = b""
    aws.objects["models", "1/run7/artifacts/plot.png"] = b""
    return aws


def put(aws: FakeAws, folder: str, run: str = "run1") -> None:
    aws.objects["models", f"{folder}/MLmodel"] = f"model_id: m-x\nrun_id: {run}\n".encode()
    aws.objects["models", f"{folder}/model.onnx"] = b"onnx"


def find(run: str = "run1", override: str | None = None) -> tuple[str, str]:
    return find_model(boto3.client("s3"), "models", run, override)


def test_the_classic_layout_is_found(bucket: FakeAws) -> None:
    put(bucket, CLASSIC)
    assert find() == ("models", f"{CLASSIC}/model.onnx")


def test_the_layout_of_mlflow_3_is_found(bucket: FakeAws) -> None:
    put(bucket, LOGGED)
    assert find() == ("models", f"{LOGGED}/model.onnx")


def test_the_classic_layout_comes_first(bucket: FakeAws) -> None:
    put(bucket, LOGGED)
    put(bucket, CLASSIC)
    assert find() == ("models", f"{CLASSIC}/model.onnx")


def test_an_override_skips_the_search(aws: FakeAws) -> None:
    assert find(override="s3://other/a/b/") == ("other", "a/b/model.onnx")


@pytest.mark.parametrize("override", ["/tmp/model", "s3://other", "s3://other/", "https://other/a"])
def test_a_malformed_override_is_refused(override: str) -> None:
    with pytest.raises(ModelError, match="MODEL_LOCATION"):
        find(override=override)


def test_a_missing_run_is_named_with_bucket_and_experiments(bucket: FakeAws) -> None:
    with pytest.raises(
        ModelError, match=r"no model of run run1 in bucket models: .* \(experiments in the bucket: 1, 2\)"
    ):
        find()


def test_a_run_id_with_the_same_prefix_is_another_run(bucket: FakeAws) -> None:
    put(bucket, "3/run11/artifacts/model", run="run11")
    put(bucket, "3/models/m-z/artifacts", run="run11")
    with pytest.raises(ModelError, match="no model of run run1 "):
        find()


def test_several_models_of_a_run_are_refused_with_their_keys(bucket: FakeAws) -> None:
    put(bucket, LOGGED)
    put(bucket, "2/models/m-second/artifacts")
    with pytest.raises(ModelError, match=r"run1 has 2 models .*m-b/.*m-second/.* MODEL_LOCATION"):
        find()


def test_a_missing_bucket_is_named(aws: FakeAws) -> None:
    with pytest.raises(ModelError, match=r"run run1 cannot be looked up in bucket models: .*NoSuchBucket"):
        find()


@pytest.mark.parametrize(
    ("content", "run"),
    [
        (b"run_id: abc\n", "abc"),
        (b"flavors:\n  onnx:\n    run_id: inner\nrun_id: 'abc'\r\n", "abc"),
        (b"flavors:\n  run_id: inner\n", None),
        (b"", None),
    ],
)
def test_the_run_is_read_out_of_an_mlmodel_file(content: bytes, run: str | None) -> None:
    assert run_id_of(content) == run
