"""Finds and reads a run's model in the bucket: first in MLflow's classic layout, then in MLflow 3's."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MODEL_FILE, DESCRIPTION_FILE = "model.onnx", "MLmodel"


class ModelError(Exception):
    """The model is missing, damaged or incompatible; the message names bucket, key and cause."""


class ModelFile(NamedTuple):
    """The content of an ONNX file, and its `s3://` address."""

    content: bytes
    address: str


def read_model(s3: "S3Client", bucket: str, run_id: str, override: str | None = None) -> ModelFile:
    """Find the run's ONNX file in the bucket and read it; see `find_model`.

    Raises:
        ModelError: it is missing or cannot be read.
    """
    model_bucket, key = find_model(s3, bucket, run_id, override)
    address = f"s3://{model_bucket}/{key}"
    try:
        return ModelFile(s3.get_object(Bucket=model_bucket, Key=key)["Body"].read(), address)
    except (ClientError, BotoCoreError) as error:
        raise ModelError(f"model {address} cannot be read: {error}") from error


def find_model(s3: "S3Client", bucket: str, run_id: str, override: str | None) -> tuple[str, str]:
    """Return bucket and key of the run's ONNX file.

    Lists the objects instead of requesting each. For a missing object, S3 answers 403 or 404 depending on the
    caller's permissions, and a list shows what is there instead.

    Args:
        s3: a client with permission to list and read the bucket.
        bucket: the model bucket.
        run_id: MLflow run id.
        override: `s3://bucket/prefix` of the model's folder; skips the search.

    Raises:
        ModelError: no model or several models were found, or the bucket cannot be read.
    """
    if override:
        return _parse(override)
    try:
        return bucket, _search(s3, bucket, run_id)
    except (ClientError, BotoCoreError) as error:
        raise ModelError(f"the model of run {run_id} cannot be looked up in bucket {bucket}: {error}") from error


def _parse(location: str) -> tuple[str, str]:
    parts = urlsplit(location)
    if parts.scheme != "s3" or not parts.netloc or not parts.path.strip("/"):
        raise ModelError(f"MODEL_LOCATION is {location!r}; expected s3://<bucket>/<folder of the model>")
    return parts.netloc, f"{parts.path.strip('/')}/{MODEL_FILE}"


def models_of(s3: "S3Client", bucket: str, run_id: str) -> list[str]:
    """Return the keys of a run's ONNX files in the bucket; normally exactly one.

    Raises:
        ClientError, BotoCoreError: the bucket cannot be read.
    """
    experiments = list(_folders(s3, bucket))
    expected = [f"{experiment}{run_id}/artifacts/model/{MODEL_FILE}" for experiment in experiments]
    classic = [key for key in expected if key in _keys(s3, bucket, key)]
    return classic or [key for experiment in experiments for key in _of_run(s3, bucket, experiment, run_id)]


def _search(s3: "S3Client", bucket: str, run_id: str) -> str:
    found = models_of(s3, bucket, run_id)
    if len(found) == 1:
        return found[0]
    if found:
        raise ModelError(
            f"run {run_id} has {len(found)} models in bucket {bucket}: {', '.join(sorted(found))}; "
            "set MODEL_LOCATION to the folder of the one to serve"
        )
    raise ModelError(
        f"no model of run {run_id} in bucket {bucket}: neither <experiment>/{run_id}/artifacts/model/{MODEL_FILE} "
        f"nor <experiment>/models/m-<id>/artifacts/{MODEL_FILE} beside an {DESCRIPTION_FILE} that names the run "
        f"(experiments in the bucket: {', '.join(name.strip('/') for name in _folders(s3, bucket)) or 'none'})"
    )


def _of_run(s3: "S3Client", bucket: str, experiment: str, run_id: str) -> Iterator[str]:
    """Yield the keys of MLflow 3 models that name the run; several if the run logged several models."""
    pattern = re.compile(rf"{re.escape(experiment)}models/[^/]+/artifacts/{DESCRIPTION_FILE}")
    for key in filter(pattern.fullmatch, _keys(s3, bucket, f"{experiment}models/")):
        content = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        if run_id_of(content) == run_id:
            yield key.removesuffix(DESCRIPTION_FILE) + MODEL_FILE


def run_id_of(description: bytes) -> str | None:
    """Return the run named in an MLmodel file. MLflow writes it as a top-level YAML line, so no parser is needed."""
    match = re.search(rb"^run_id: *['\"]?([^'\"\s]+)", description, re.MULTILINE)
    return match.group(1).decode("utf-8", "replace") if match else None


def _folders(s3: "S3Client", bucket: str) -> Iterator[str]:
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Delimiter="/"):
        for prefix in page.get("CommonPrefixes", []):
            yield prefix["Prefix"]


def _keys(s3: "S3Client", bucket: str, prefix: str) -> Iterator[str]:
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for entry in page.get("Contents", []):
            yield entry["Key"]
