"""The smoke test: puts a few events on the stage's own streams and gives the ledger's verdict on each."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from harness import console, events, ledger
from harness.errors import HarnessError
from harness.ledger import report
from harness.model import offline
from harness.stages.access import Access
from harness.stages.function_version import Version
from harness.stages.stage import Stage

EVENTS = 20
# Lambda's first cold start and the mapping's first read of a new stream are slow.
TIMEOUTS = ledger.Timeouts(quiet=180.0, linger=2.0, deadline=600.0)


def run(stage: Stage, access: Access, outputs: Mapping[str, Any], version: Version, count: int = EVENTS) -> bool:
    """Put events on the source stream and follow each to its end. Their sales_ids begin with `smoke-`.

    Args:
        stage: the stage.
        access: to its account.
        outputs: Terraform's.
        version: that must have made the predictions.
        count: number of events.

    Returns:
        Whether every event was predicted correctly and in order; duplicates are allowed.

    Raises:
        HarnessError: the streams or the model could not be read.
    """
    target = ledger.Target(
        access.client("kinesis"),
        access.client("s3"),
        outputs["source_stream_name"],
        outputs["predictions_stream_name"],
        outputs["failed_events_bucket"],
        version.run_id,
    )
    with TemporaryDirectory(prefix="smoke-") as scratch:
        with console.step("Smoke test: fetch the model to compare with") as step:
            model = fetch_model(access, outputs["model_bucket"], version.run_id, Path(scratch))
            step.result = version.run_id
        with console.step(f"Smoke test: {count} events") as step:
            made = events.of_model(model, count, prefix=f"smoke-{time.time_ns():x}", keys=events.few_keys(count))
            found = ledger.run(target, made, offline.expectations(model), step, timeouts=TIMEOUTS)
    path = report.path_for(stage.name)
    report.write(found, path)
    report.show(found, path)
    return found.passed


def fetch_model(access: Access, bucket: str, run_id: str, folder: Path) -> dict[str, Any]:
    """Download the model that the function serves. MLflow, not the function, computes the expected predictions from it.

    Returns:
        `model_dir`, `stores` and `date_range`, as in a training result.

    Raises:
        HarnessError: it does not exist or must not be read.
    """
    from store_sales.location import ModelError, find_model  # the function's own lookup
    from store_sales.model import Model

    s3 = access.client("s3")
    try:
        bucket, key = find_model(s3, bucket, run_id, None)
        prefix = key.rpartition("/")[0] + "/"
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for entry in page["Contents"]:
                target = folder / entry["Key"].removeprefix(prefix)
                target.parent.mkdir(parents=True, exist_ok=True)
                s3.download_file(bucket, entry["Key"], str(target))
    except (ModelError, ClientError, BotoCoreError) as error:
        raise HarnessError(
            f"the model that the function serves cannot be read: {error}",
            "allow the deployer to read the model bucket, and to decrypt with the key of its objects",
        ) from error
    model = Model((folder / Path(key).name).read_bytes(), run_id)
    return {
        "model_dir": str(folder),
        "stores": sorted(model.profiles.stores),
        "date_range": [day.isoformat() for day in model.date_range],
    }
