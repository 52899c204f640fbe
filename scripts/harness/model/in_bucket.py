"""Finds models in a bucket, in MLflow's classic layout and in that of MLflow 3 (docs/model.md)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

DESCRIPTION = "MLmodel"
_CLASSIC = re.compile(r"[^/]+/(?P<run>[^/]+)/artifacts/model/[^/]+")
_LOGGED = re.compile(r"[^/]+/models/m-[^/]+/artifacts/" + DESCRIPTION)
# MLflow writes the run as a top-level line of YAML, so no parser is needed.
_RUN = re.compile(rb"^run_id: *['\"]?([^'\"\s]+)", re.MULTILINE)


def folders(s3: S3Client, bucket: str, run_id: str) -> list[str]:
    """Return the folders of a run's models in the bucket, without a slash at the end; normally exactly one.

    Args:
        s3: a client that may list and read the bucket.
        bucket: the model bucket.
        run_id: MLflow run id.

    Raises:
        ClientError, BotoCoreError: the bucket cannot be read.
    """
    keys = list(_keys(s3, bucket))
    classic = {_folder(key) for key in keys if (found := _CLASSIC.fullmatch(key)) and found["run"] == run_id}
    logged = (key for key in keys if _LOGGED.fullmatch(key))
    return sorted(classic) or [_folder(key) for key in logged if _names(s3, bucket, key, run_id)]


def _names(s3: S3Client, bucket: str, key: str, run_id: str) -> bool:
    found = _RUN.search(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    return found is not None and found[1].decode("utf-8", "replace") == run_id


def _folder(key: str) -> str:
    return key.rpartition("/")[0]


def _keys(s3: S3Client, bucket: str) -> Iterator[str]:
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for entry in page.get("Contents", []):
            yield entry["Key"]
