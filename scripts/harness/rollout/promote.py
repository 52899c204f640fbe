"""`make promote`: makes a stage serve a checked model."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness import console
from harness.errors import HarnessError
from harness.model import current as current_model
from harness.model import shadow as shadows
from harness.paths import shown
from harness.pipeline import definition
from harness.rollout import model_versions, releases
from harness.rollout.model_versions import Registry, Version
from harness.setup import install
from harness.stack import state as stacks
from harness.stack.state import Stack
from harness.stages import guards, model_bucket, tfvars
from harness.stages.access import Access
from harness.stages.stage import NAMES, Stage, load
from harness.terraform.working_copy import declared

LOCAL = "local"


def run(choice: str, name: str, stack: Stack | None, *, shadow: bool = False) -> None:
    """Promotes a model.

    Args:
        choice: version, run id or alias.
        name: `local`, or a stage on AWS.
        stack: the running stack, if any.
        shadow: as for `to_stage`.

    Raises:
        HarnessError: there is no such stage or model, or the model fails a check.
    """
    if name not in (LOCAL, *NAMES):
        cause = f"there is no stage {name!r}" if name else "no stage is given"
        raise HarnessError(cause, f"use one of: STAGE={LOCAL}, STAGE={', STAGE='.join(NAMES)}")
    with install.exclusive("promotion"):
        if name == LOCAL:
            known = model_versions.registries(stack)
            if shadow:
                to_local_shadow(choice, known, stack.run_id if stack else "")
            else:
                to_local(choice, known)
            return
        stage = load(name)
        with stacks.locked(stage.lock):  # no deployment may read the variables now
            to_stage(choice, model_versions.registries(stack), stage, Access(stage.region), shadow=shadow)


def to_stage(
    choice: str, known: Sequence[Registry], stage: Stage, access: Access, *, shadow: bool = False
) -> dict[str, Any]:
    """Promotes a model to a stage: copies it to the bucket, records it in the tfvars and moves the alias.

    Checks everything before it changes anything. After an interruption, repeat it to continue.

    Args:
        choice: version, run id or alias.
        known: the registries to search.
        stage: the target.
        access: to its account.
        shadow: as the shadow model instead of the live one.

    Returns:
        The model as a training result.

    Raises:
        HarnessError: the model fails a check, or the stage refuses it.
    """
    _check_recordable(stage, shadow=shadow)
    guards.check_for_destroy(stage, access)  # the guards on the target
    s3, name = access.client("s3"), model_bucket.of_stage(stage)
    with tempfile.TemporaryDirectory(prefix="promote-") as scratch:
        version, folder, facts = _checked(choice, known, Path(scratch))
        if shadow and version.run_id == stage.run_id:
            raise HarnessError(f"{version.label} is the live model of {stage.name}", "name another one as its shadow")
        copy = None
        if name is not None:
            with console.step(f"Look at bucket {name}") as step:
                if model_bucket.exists(s3, name, access.account()):
                    copy = model_bucket.prepare(s3, name, version.key, folder, version.run_id)
                step.result = _intention(copy)
        kept = releases.keep(version, folder, facts)
        if copy is not None and copy.missing:
            with console.step("Publish the model") as step:
                copy.run(s3)
                step.result = copy.place
    _record(stage, version.run_id, shadow=shadow)
    model_versions.set_alias(version, f"{stage.name}-shadow" if shadow else stage.name)
    role = "shadow model" if shadow else "model"
    console.say(f"{version.label} is the {role} of {stage.name}. Next: make deploy-{stage.name}")
    return kept


def to_local(choice: str, known: Sequence[Registry]) -> dict[str, Any]:
    """Makes the next `make local-up` serve a model; returns it as a training result.

    Raises:
        HarnessError: the model fails a check.
    """
    with tempfile.TemporaryDirectory(prefix="promote-") as scratch:
        version, folder, facts = _checked(choice, known, Path(scratch))
        kept = releases.keep(version, folder, facts)
    current_model.choose(version.run_id)
    if shadows.chosen(pipeline := definition.current()) == version.run_id:
        shadows.end(pipeline)
    model_versions.set_alias(version, LOCAL)
    console.say(f"{version.label} is the current model. Next: make local-up serves it")
    return kept


def to_local_shadow(choice: str, known: Sequence[Registry], live: str) -> None:
    """Makes the next `make local-up` let a model predict beside the live one, until the next training.

    Args:
        choice: version, run id or alias.
        known: the registries to search.
        live: run id of the model that the running stack serves; empty if none runs.

    Raises:
        HarnessError: the model fails a check, is the live one, or the pipeline's Terraform takes no shadow model.
    """
    pipeline = definition.current()
    if shadows.VARIABLE not in declared(pipeline.root):
        raise _no_variable(pipeline.name, shadow=True)
    with tempfile.TemporaryDirectory(prefix="promote-") as scratch:
        version, folder, facts = _checked(choice, known, Path(scratch))
        if version.run_id == live:
            raise HarnessError(f"{version.label} is the live model of {LOCAL}", "name another one as its shadow")
        releases.keep(version, folder, facts)
    shadows.choose(pipeline, version.run_id)
    model_versions.set_alias(version, f"{LOCAL}-shadow")
    console.say(f"{version.label} is the shadow model. Next: make local-up; it ends with the next make train")


def _checked(choice: str, known: Sequence[Registry], scratch: Path) -> tuple[Version, Path, dict[str, Any]]:
    with console.step(f"Find model {choice}") as step:
        version = model_versions.resolve(choice, known)
        step.result = f"{version.label} in {version.registry.shown}"
    with console.step("Check the model") as step:
        folder = model_versions.download(version, scratch)
        facts = current_model.check(folder, version.run_id)
        kept = current_model.kept(version.run_id)
        if kept is not None and not _equal(Path(kept["model_dir"]), folder):
            raise HarnessError(
                f"{version.label} differs from what was promoted before under that run id",
                f"find out what changed it; the former files are in {shown(Path(kept['model_dir']))}",
            )
    return version, folder, facts


def _check_recordable(stage: Stage, *, shadow: bool) -> None:
    """Refuse if the stage has no place for the model's run id."""
    name = _variable(shadow=shadow)
    if not stage.declares(name):
        raise _no_variable(stage.pipeline.name, shadow=shadow)
    if not stage.vars_file.exists():
        raise HarnessError(
            f"there is no file {shown(stage.vars_file)} to record the model in",
            "create it, empty or with the values of the stage; terraform.var_file in pipeline.toml names it",
        )
    tfvars.check_writable(stage.vars_file)


def _no_variable(pipeline: str, *, shadow: bool) -> HarnessError:
    name = _variable(shadow=shadow)
    return HarnessError(
        f"the Terraform of {pipeline} has no variable {name}, so a model cannot be chosen",
        f"declare {name}, and pass it to the function as {'SHADOW_' if shadow else ''}RUN_ID",
    )


def _variable(*, shadow: bool) -> str:
    return shadows.VARIABLE if shadow else "run_id"


def _equal(one: Path, other: Path) -> bool:
    def content(folder: Path) -> dict[str, bytes]:
        return {file.relative_to(folder).as_posix(): file.read_bytes() for file in current_model.files(folder)}

    return content(one) == content(other)


def _intention(copy: model_bucket.Copy | None) -> str:
    if copy is None:
        return "it does not exist yet; the deployment creates it and publishes the model"
    if not copy.missing:
        return f"the model is there already, and identical: {copy.place}"
    return f"{len(copy.missing)} files to copy"


def _record(stage: Stage, run_id: str, *, shadow: bool) -> None:
    name = _variable(shadow=shadow)
    with console.step(f"Record the model in {shown(stage.vars_file)}") as step:
        changed = tfvars.write(stage.vars_file, name, run_id)
        step.result = f'{name} = "{run_id}"' + ("" if changed else ", as before")
        if not shadow and tfvars.write(stage.vars_file, "live_version", None):
            step.result += "; the pin live_version was removed"
        if not shadow and stage.variables.get("shadow_run_id") == run_id:  # Terraform refuses a model as its own shadow
            tfvars.write(stage.vars_file, "shadow_run_id", None)
            step.result += "; it is no longer the shadow model"
