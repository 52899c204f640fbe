"""The files of a rehearsed stage: copies of the real ones, completed as a user would before the first deployment."""

from __future__ import annotations

import json
from pathlib import Path

from harness import paths
from harness.local import deployment
from harness.machine import commands
from harness.model import current as current_model
from harness.setup import install
from harness.stack.state import Stack
from harness.stages import stage as stages
from harness.stages import tfvars
from harness.stages.stage import Stage
from harness.terraform.working_copy import working_copy

NAME = "stg"
ACCOUNT = "000000000000"  # LocalStack's
# Variables whose values are expressions, not strings.
EXPRESSIONS = ("image_build_args",)
ARCHIVE_DEADLINE = 60.0


def of_checkout(stack: Stack) -> Stage:
    """Return the stage of this checkout's files, with the current model.

    Args:
        stack: the LocalStack of the rehearsal; its folder gets the copies.
    """
    folder = stack.folder / NAME
    infrastructure = working_copy(folder / "checkout" / "infrastructure", stack.pipeline.root)
    return _filled_in(stack, infrastructure, stack.pipeline.source or stack.pipeline.root, folder)


def of_revision(stack: Stack, revision: str) -> Stage:
    """Return the stage of an earlier commit's files, with the current model.

    Args:
        stack: as for `of_checkout`.
        revision: of the commit.
    """
    folder = stack.folder / f"{NAME}-{revision[:10]}"
    checkout = folder / "checkout"
    checkout.mkdir(parents=True)
    archive = folder / "checkout.tar"
    log = stack.log("earlier")
    what = [revision, "infrastructure", "service"]
    git: list[str | Path] = ["git", "-C", paths.ROOT, "archive", f"--output={archive}", *what]
    commands.run(git, log=log, deadline=ARCHIVE_DEADLINE)
    commands.run(["tar", "-xf", archive, "-C", checkout], log=log, deadline=ARCHIVE_DEADLINE)
    return _filled_in(stack, checkout / "infrastructure", checkout / "service", folder)


def _filled_in(stack: Stack, infrastructure: Path, service: Path, folder: Path) -> Stage:
    with install.exclusive("training"):
        trained = current_model.current(None)
    file = infrastructure / "vars" / f"{NAME}.tfvars"
    values = tfvars.read(file) | {"allowed_account_ids": [ACCOUNT]}
    for name, value in deployment.variables(stack, trained.get("run_id", "")).items():
        values[name] = json.loads(value) if name in EXPRESSIONS else value
    for name in ("lambda_function_local_path", "docker_image_local_path"):
        values.pop(name, None)  # set by the deployment
    file.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items()))
    return stages.load(NAME, infrastructure, service, folder)
