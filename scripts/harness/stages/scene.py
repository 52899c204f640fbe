"""The files of a rehearsed stage: copies of the real ones, with what a user fills in before his first deployment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness import commands, local, paths
from harness.stack import Stack
from harness.stages import stage as stages
from harness.stages import tfvars
from harness.stages.stage import Stage
from harness.terraform import working_copy

NAME = "stg"
ACCOUNT = "000000000000"  # LocalStack's
# Values of these are expressions, not strings.
EXPRESSIONS = ("image_build_args",)
ARCHIVE_DEADLINE = 60.0


def of_checkout(stack: Stack, trained: Mapping[str, Any]) -> Stage:
    """The stage as the files of this checkout make it.

    Args:
        stack: the LocalStack to rehearse on; gets the copies in its folder.
        trained: the training result of the model to serve.
    """
    folder = stack.folder / NAME
    infrastructure = working_copy(folder / "checkout" / "infrastructure")
    return _filled_in(stack, trained, infrastructure, paths.SERVICE, folder)


def of_revision(stack: Stack, trained: Mapping[str, Any], revision: str) -> Stage:
    """The stage as the files of an earlier commit make it; arguments as for `of_checkout`."""
    folder = stack.folder / f"{NAME}-{revision[:10]}"
    checkout = folder / "checkout"
    checkout.mkdir(parents=True)
    archive = folder / "checkout.tar"
    log = stack.log("earlier")
    what = [revision, "infrastructure", "service"]
    git: list[str | Path] = ["git", "-C", paths.ROOT, "archive", f"--output={archive}", *what]
    commands.run(git, log=log, deadline=ARCHIVE_DEADLINE)
    commands.run(["tar", "-xf", archive, "-C", checkout], log=log, deadline=ARCHIVE_DEADLINE)
    return _filled_in(stack, trained, checkout / "infrastructure", checkout / "service", folder)


def _filled_in(stack: Stack, trained: Mapping[str, Any], infrastructure: Path, service: Path, folder: Path) -> Stage:
    file = infrastructure / "vars" / f"{NAME}.tfvars"
    values = tfvars.read(file) | {"allowed_account_ids": [ACCOUNT]}
    for name, value in local.variables(stack, trained["run_id"]).items():
        values[name] = json.loads(value) if name in EXPRESSIONS else value
    for name in ("lambda_function_local_path", "docker_image_local_path"):
        del values[name]  # the deployment knows them
    file.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items()))
    return stages.load(NAME, infrastructure, service, folder)
