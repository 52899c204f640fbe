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
from harness.ledger import expected, report
from harness.model import current as current_model
from harness.model import in_bucket
from harness.stages.access import Access
from harness.stages.function_version import Version
from harness.stages.stage import Stage

EVENTS = 20
# Lambda's first cold start and the mapping's first read of a new stream are slow.
TIMEOUTS = ledger.Timeouts(quiet=180.0, linger=2.0, deadline=600.0)


def run(stage: Stage, access: Access, outputs: Mapping[str, Any], version: Version, count: int = EVENTS) -> bool:
    """Put events on the source stream and follow each to its end. Their ids begin with `smoke-`, where ids are texts.

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
    pipeline, names = stage.pipeline, stage.pipeline.resources(outputs)
    target = ledger.Target(
        access.client("kinesis"),
        access.client("s3"),
        names.source_stream,
        names.output_stream,
        names.failed_events,
        pipeline,
    )
    with TemporaryDirectory(prefix="smoke-") as scratch:
        model: dict[str, Any] = {}
        if names.model_bucket is not None and version.run_id:
            with console.step("Smoke test: fetch the model to compare with") as step:
                model = fetch_model(access, names.model_bucket, version.run_id, Path(scratch))
                step.result = version.run_id
        with console.step(f"Smoke test: {count} events") as step:
            prefix, keys = f"smoke-{time.time_ns():x}", events.few_keys(count)
            made = events.of_model(pipeline, model, count, prefix=prefix, keys=keys)
            wanted = expected.of_model(pipeline, model)
            found = ledger.run(target, made, wanted, step, timeouts=TIMEOUTS)
    path = report.path_for(stage.name if pipeline.is_default else f"{pipeline.name}-{stage.name}")
    report.write(found, path)
    report.show(found, path)
    return found.passed


def fetch_model(access: Access, bucket: str, run_id: str, folder: Path) -> dict[str, Any]:
    """Download the model that the function serves, and check it (`model.promote`). The oracle predicts with it.

    Returns:
        `run_id`, `model_dir` and what the check found out, as in a training result.

    Raises:
        HarnessError: it does not exist or must not be read.
    """
    s3 = access.client("s3")
    try:
        found = in_bucket.folders(s3, bucket, run_id)
        if len(found) != 1:
            raise HarnessError(
                f"run {run_id} has {len(found)} models in bucket {bucket}: {', '.join(found) or 'none'}",
                "publish the one that the function serves, and delete the others",
            )
        prefix = f"{found[0]}/"
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for entry in page["Contents"]:
                target = folder / entry["Key"].removeprefix(prefix)
                target.parent.mkdir(parents=True, exist_ok=True)
                s3.download_file(bucket, entry["Key"], str(target))
    except (ClientError, BotoCoreError) as error:
        raise HarnessError(
            f"the model that the function serves cannot be read: {error}",
            "allow the deployer to read the model bucket, and to decrypt with the key of its objects",
        ) from error
    return current_model.check(folder, run_id) | {"model_dir": str(folder), "run_id": run_id}
