"""`make promote`: a checked model becomes the one that a stage serves."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import console, model
from harness.errors import HarnessError
from harness.paths import shown
from harness.rollout import bucket, checks, registry, releases
from harness.rollout.registry import Registry
from harness.stages import tfvars
from harness.stages.access import Access
from store_sales.model import Model

LOCAL = "local"
MODEL_BUCKET = "store-sales-models"  # the root module's default


@dataclass(frozen=True)
class Destination:
    """A stage on AWS that gets a model.

    Attributes:
        name: the stage.
        vars_file: its Terraform variables.
        access: how its account is reached.
        account: the account that must own the bucket; None when the tfvars name none or several.
    """

    name: str
    vars_file: Path
    access: Access
    account: str | None

    @property
    def bucket(self) -> str:
        """The model bucket's name, as Terraform composes it."""
        variables = tfvars.read(self.vars_file)
        return f"{variables.get('model_bucket', MODEL_BUCKET)}-{variables['project_id']}"


def to_stage(choice: str, known: Sequence[Registry], stage: Destination) -> dict[str, Any]:
    """Promotes a model to a stage: into its bucket, its tfvars, and under its alias.

    All that can be wrong is looked for before anything is changed; interrupted, it goes on when repeated.

    Args:
        choice: version, run id or alias.
        known: the registries to look in.
        stage: where to.

    Returns:
        The model as a training result.

    Raises:
        HarnessError: the model does not pass, or the stage does not take it.
    """
    tfvars.read(stage.vars_file)
    tfvars.check_writable(stage.vars_file)
    s3 = stage.access.client("s3")
    with tempfile.TemporaryDirectory(prefix="promote-") as scratch:
        version, loaded = _checked(choice, known, Path(scratch))
        with console.step(f"Look at bucket {stage.bucket}") as step:
            copy = None
            if bucket.exists(s3, stage.bucket, stage.account):
                copy = bucket.prepare(s3, stage.bucket, version.key, Path(scratch), version.run_id)
            step.result = _intention(copy)
        kept = releases.keep(version, Path(scratch), loaded)
        if copy is not None and copy.missing:
            with console.step("Publish the model") as step:
                copy.run(s3)
                step.result = copy.place
    _record(stage, version.run_id)
    registry.set_alias(version, stage.name)
    console.say(f"{version.label} is the model of {stage.name}. Next: make deploy-{stage.name}")
    return kept


def to_local(choice: str, known: Sequence[Registry]) -> dict[str, Any]:
    """Makes a model the one that the next `make local-up` serves; returns it as a training result.

    Raises:
        HarnessError: the model does not pass.
    """
    with tempfile.TemporaryDirectory(prefix="promote-") as scratch:
        version, loaded = _checked(choice, known, Path(scratch))
        kept = releases.keep(version, Path(scratch), loaded)
    model.choose(version.run_id)
    registry.set_alias(version, LOCAL)
    console.say(f"{version.label} is the current model. Next: make local-up serves it")
    return kept


def _checked(choice: str, known: Sequence[Registry], folder: Path) -> tuple[registry.Version, Model]:
    with console.step(f"Find model {choice}") as step:
        version = registry.resolve(choice, known)
        step.result = f"{version.label} in {version.registry.shown}"
    with console.step("Check signature and golden batch") as step:
        registry.download(version, folder)
        loaded = checks.check(folder, version.run_id)
        kept = releases.find(version.run_id)
        if kept is not None and not _equal(Path(kept["model_dir"]), folder):
            raise HarnessError(
                f"{version.label} differs from what was promoted before under that run id",
                f"find out what changed it; the former is in {shown(Path(kept['model_dir']))}",
            )
    return version, loaded


def _equal(one: Path, other: Path) -> bool:
    def content(folder: Path) -> dict[str, bytes]:
        return {file.relative_to(folder).as_posix(): file.read_bytes() for file in model.files(folder)}

    return content(one) == content(other)


def _intention(copy: bucket.Copy | None) -> str:
    if copy is None:
        return "it does not exist yet: the deployment makes it and publishes the model"
    if not copy.missing:
        return f"the model is there already, and identical: {copy.place}"
    return f"{len(copy.missing)} files to copy"


def _record(stage: Destination, run_id: str) -> None:
    assert re.fullmatch(r"\w[\w-]*", run_id)
    with console.step(f"Record the model in {shown(stage.vars_file)}") as step:
        changed = tfvars.write(stage.vars_file, "run_id", run_id)
        unpinned = tfvars.write(stage.vars_file, "live_version", None)
        step.result = f'run_id = "{run_id}"' + ("" if changed else ", as before")
        if unpinned:
            step.result += "; the pin live_version is gone"
