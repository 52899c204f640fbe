"""Finds a run's model in the bucket: MLflow's classic layout first, then that of MLflow 3."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MODEL_FILE, DESCRIPTION_FILE = "model.onnx", "MLmodel"


class ModelError(Exception):
    """The model is missing, damaged or does not fit; the message names bucket, key and cause."""


def find_model(s3: "S3Client", bucket: str, run_id: str, override: str | None) -> tuple[str, str]:
    """Return bucket and key of the run's ONNX file.

    The objects are listed rather than asked for one by one: without an object, S3 answers a reader 403 or 404
    depending on his rights, and a list tells what is there instead.

    Args:
        s3: a client that may list and read the bucket.
        bucket: the model bucket.
        run_id: MLflow run id.
        override: `s3://bucket/prefix` of the model's folder; then nothing is searched.

    Raises:
        ModelError: there is no such model, there are several, or the bucket cannot be read.
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
    """Return the keys of the ONNX files that the bucket has of a run: one, if all is as it should be.

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
    """Yield the keys of MLflow 3 models that name the run; several when the run logged several models."""
    pattern = re.compile(rf"{re.escape(experiment)}models/[^/]+/artifacts/{DESCRIPTION_FILE}")
    for key in filter(pattern.fullmatch, _keys(s3, bucket, f"{experiment}models/")):
        content = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        if run_id_of(content) == run_id:
            yield key.removesuffix(DESCRIPTION_FILE) + MODEL_FILE


def run_id_of(description: bytes) -> str | None:
    """Return the run an MLmodel file names; MLflow writes it as a plain top-level YAML line, so no parser is needed."""
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
