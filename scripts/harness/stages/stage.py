"""A stage as its files describe it: name, folders and settings."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.errors import HarnessError
from harness.local.deployment import PACKAGE_TYPE
from harness.pipeline import definition
from harness.pipeline.definition import Pipeline
from harness.setup import install
from harness.stages import root_module, tfvars
from harness.terraform.working_copy import makes_image_function

NAMES = ("stg", "prod")
ACCOUNTS = "allowed_account_ids"  # of the AWS provider and of Terraform's S3 backend


@dataclass(frozen=True)
class Stage:
    """A stage as its files describe it.

    Attributes:
        name: `stg` or `prod`.
        infrastructure: folder of the root module.
        service: folder of the function's source.
        folder: for working copies, plans and logs.
        vars_file: with the stage's Terraform variables. Where the pipeline names none, it may not exist.
        backend_file: with the location of the stage's state. It may not exist if the root module has it.
        variables: the values in `vars_file`.
        backend: bucket, key, region and so on, of the root module's `backend "s3"` and `backend_file`.
        pipeline: whose stage it is.
    """

    name: str
    infrastructure: Path
    service: Path
    folder: Path
    vars_file: Path
    backend_file: Path
    variables: dict[str, Any]
    backend: dict[str, Any]
    pipeline: Pipeline = field(default_factory=definition.current)

    @property
    def region(self) -> str:
        """AWS region of all resources; empty if the files do not say."""
        return root_module.region(self.infrastructure, self.variables)

    @property
    def accounts(self) -> list[str]:
        """The accounts to which it may be applied."""
        listed = self.variables.get(ACCOUNTS) or self.backend.get(ACCOUNTS)
        return [str(account) for account in listed] if isinstance(listed, list) else []

    @property
    def accounts_file(self) -> Path:
        """The file that lists these accounts, or has to: a root module without such a variable has the backend's."""
        return self.vars_file if ACCOUNTS in root_module.defaults(self.infrastructure) else self.backend_file

    @property
    def is_image(self) -> bool:
        """Whether the function is a container image."""
        if self.declares(PACKAGE_TYPE):
            chosen = self.variables.get(PACKAGE_TYPE)
            return bool((chosen or root_module.defaults(self.infrastructure)[PACKAGE_TYPE]) == "Image")
        return makes_image_function(self.infrastructure)

    @property
    def run_id(self) -> str | None:
        """MLflow run id of the model to serve."""
        return self.variables.get("run_id")

    @property
    def title(self) -> str:
        """What a user types to confirm that the stage is destroyed: `project_id`, or else the pipeline's name."""
        return str(self.variables.get("project_id") or f"{self.pipeline.name}-{self.name}")

    @property
    def lock(self) -> str:
        """Name for `stack.state.locked`: only one command at a time may use the stage's folder."""
        return "-".join(["stage", self.name, install.text_digest(str(self.folder))[:6]])

    def declares(self, variable: str) -> bool:
        """Return whether the root module has a variable of this name."""
        return variable in root_module.defaults(self.infrastructure)

    def model_bucket(self, outputs: Mapping[str, Any]) -> str | None:
        """Return the name of the model bucket; None if the pipeline has none, or it is not deployed yet.

        Args:
            outputs: Terraform's, by name; empty before the first apply.
        """
        return self.pipeline.resource("model_bucket", outputs) if outputs else None

    def log(self, name: str) -> Path:
        """Return a log file of the stage."""
        return self.folder / "logs" / f"{name}.log"


def load(
    name: str,
    infrastructure: Path | None = None,
    service: Path | None = None,
    folder: Path | None = None,
    vars_file: Path | None = None,
) -> Stage:
    """Read a stage's files.

    Args:
        name: of the stage.
        infrastructure: the root module; None for the pipeline's own.
        service: the function's source; None for the pipeline's own.
        folder: to work in; None for one below `.cache`.
        vars_file: with the variables, the backend's file beside it; None for the one that belongs to `infrastructure`.

    Raises:
        HarnessError: there is no such stage, or its files cannot be read. guards/settings.py checks their content.
    """
    if name not in NAMES:
        cause = f"there is no stage {name!r}" if name else "no stage is given"
        raise HarnessError(cause, f"use one of: {', '.join(NAMES)}")
    pipeline = definition.current()
    infrastructure = infrastructure or pipeline.root
    service = service or pipeline.source or pipeline.folder
    vars_file = vars_file or vars_file_of(pipeline, name, infrastructure)
    backend_file = backend_file_of(vars_file)
    required = pipeline.file.terraform.var_file is not None
    return Stage(
        name, infrastructure, service, folder or pipeline.cache / "stages" / name, vars_file, backend_file,
        tfvars.read(vars_file) if required or vars_file.exists() else {},
        read_backend(pipeline, infrastructure, backend_file), pipeline,
    )  # fmt: skip


def backend_file_of(vars_file: Path) -> Path:
    """Return the backend file that belongs to a stage's file of variables."""
    return vars_file.with_name(f"{vars_file.name.removesuffix(tfvars.JSON).removesuffix('.tfvars')}.s3.tfbackend")


def read_backend(pipeline: Pipeline, infrastructure: Path, file: Path) -> dict[str, Any]:
    """Return where a stage's state is: what the root module's `backend "s3"` says, and the file's additions.

    Args:
        pipeline: whose stage it is.
        infrastructure: the root module.
        file: the stage's backend file, which may be missing where the root module says everything.

    Raises:
        HarnessError: a file is invalid, or this repository's own is missing.
    """
    if pipeline.is_default:  # what its root module says only reminds of the file
        return tfvars.read(file)
    return root_module.backend(infrastructure) | (tfvars.read(file) if file.exists() else {})


def vars_file_of(pipeline: Pipeline, name: str, infrastructure: Path) -> Path:
    """Return a stage's file of variables, beside a root module as it is beside the pipeline's own.

    Args:
        pipeline: without `terraform.var_file`, it is `vars/<stage>.tfvars`.
        name: of the stage.
        infrastructure: the root module, or a copy of it.
    """
    named = pipeline.var_file(name) or pipeline.root / "vars" / f"{name}.tfvars"
    return Path(os.path.normpath(infrastructure / os.path.relpath(named, pipeline.root)))
