"""The files of a rehearsed stage: copies of the real ones, completed as a user would before the first deployment."""

from __future__ import annotations

import json
from pathlib import Path

from harness.local import deployment
from harness.machine import commands
from harness.model import current as current_model
from harness.pipeline.definition import Pipeline
from harness.setup import install
from harness.stack.state import Stack
from harness.stages import root_module, tfvars
from harness.stages import stage as stages
from harness.stages.stage import ACCOUNTS, Stage
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
    folder, pipeline = stack.folder / NAME, stack.pipeline
    infrastructure = pipeline.root
    if pipeline.is_default:
        infrastructure = working_copy(folder / "checkout" / "infrastructure", pipeline.root)
    return _filled_in(stack, infrastructure, pipeline.source or pipeline.folder, folder)


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
    log, pipeline = stack.log("earlier"), stack.pipeline
    # This repository holds much that its Terraform does not need; of another one nothing is known.
    what = ["infrastructure", "service"] if pipeline.is_default else []
    repository = repository_of(pipeline)
    git: list[str | Path] = ["git", "-C", repository, "archive", f"--output={archive}", revision, *what]
    commands.run(git, log=log, deadline=ARCHIVE_DEADLINE)
    commands.run(["tar", "-xf", archive, "-C", checkout], log=log, deadline=ARCHIVE_DEADLINE)
    (checkout / ".git").symlink_to(repository / ".git")  # for provisioners, and as the end of what is copied
    then = checkout / pipeline.root.relative_to(repository)
    source = pipeline.source or pipeline.folder
    service = checkout / source.relative_to(repository) if source.is_relative_to(repository) else source
    return _filled_in(stack, then, service, folder)


def repository_of(pipeline: Pipeline) -> Path:
    """Return the folder of the git repository that has the pipeline; its own folder if there is none."""
    around = (pipeline.root, *pipeline.root.parents)
    return next((folder for folder in around if (folder / ".git").exists()), pipeline.folder)


def _filled_in(stack: Stack, infrastructure: Path, service: Path, folder: Path) -> Stage:
    pipeline, trained = stack.pipeline, {}
    if pipeline.has_model:
        with install.exclusive("training"):
            trained = current_model.current(None)
    real = stages.vars_file_of(pipeline, NAME, infrastructure)
    values = tfvars.read(real) if pipeline.is_default or real.exists() else {}
    declared = root_module.defaults(infrastructure)
    if ACCOUNTS in declared:
        values |= {ACCOUNTS: [ACCOUNT]}
    if "project_id" in declared:
        values.setdefault("project_id", NAME)
    for name, value in deployment.variables(stack, trained.get("run_id", "")).items():
        values[name] = json.loads(value) if name in EXPRESSIONS else value
    for name in ("lambda_function_local_path", "docker_image_local_path"):
        values.pop(name, None)  # set by the deployment
    file = real
    if not pipeline.is_default:  # its folder is the user's own
        file = folder / f"{NAME}.tfvars"
        region = root_module.region(infrastructure, values) or stack.region
        _write(stages.backend_file_of(file), _backend(pipeline, infrastructure, real, region))
    _write(file, values)
    return stages.load(NAME, infrastructure, service, folder, file)


def _backend(pipeline: Pipeline, infrastructure: Path, vars_file: Path, region: str) -> dict[str, object]:
    """Return where the state of a rehearsed stage is: where the real one is, as far as the files say."""
    invented = {"bucket": f"{pipeline.name}-rehearsed-state", "key": f"{pipeline.name}.tfstate", "region": region}
    said = stages.read_backend(pipeline, infrastructure, stages.backend_file_of(vars_file))
    # An emulator has the same names and none of the roles, profiles and tables of the real account.
    kept = {name: value for name, value in said.items() if name in invented}
    return {**invented, **kept, "use_lockfile": True, ACCOUNTS: [ACCOUNT]}


def _write(file: Path, values: dict[str, object]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items()))
