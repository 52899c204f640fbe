"""A stage as its files describe it: name, folders and settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.errors import HarnessError
from harness.pipeline import definition
from harness.pipeline.definition import Pipeline
from harness.setup import install
from harness.stages import tfvars

NAMES = ("stg", "prod")
DEFAULT_REGION = "ap-south-1"  # of the root module


@dataclass(frozen=True)
class Stage:
    """A stage as its files describe it.

    Attributes:
        name: `stg` or `prod`.
        infrastructure: folder of the root module, with `vars/`.
        service: folder of the function's source.
        folder: for working copies, plans and logs.
        variables: the values in `vars/<name>.tfvars`.
        backend: bucket, key and region of the state, from `vars/<name>.s3.tfbackend`.
        pipeline: whose stage it is.
    """

    name: str
    infrastructure: Path
    service: Path
    folder: Path
    variables: dict[str, Any]
    backend: dict[str, str]
    pipeline: Pipeline = field(default_factory=definition.current)

    @property
    def vars_file(self) -> Path:
        """File with the stage's Terraform variables."""
        return self.infrastructure / "vars" / f"{self.name}.tfvars"

    @property
    def backend_file(self) -> Path:
        """File with the location of the stage's state."""
        return backend_file(self.infrastructure, self.name)

    @property
    def region(self) -> str:
        """AWS region of all resources."""
        return str(self.variables.get("aws_region") or DEFAULT_REGION)

    @property
    def accounts(self) -> list[str]:
        """The accounts to which it may be applied."""
        return [str(account) for account in self.variables.get("allowed_account_ids") or []]

    @property
    def is_image(self) -> bool:
        """Whether the function is a container image, which is Terraform's default."""
        return bool(self.variables.get("lambda_package_type", "Image") == "Image")

    @property
    def run_id(self) -> str | None:
        """MLflow run id of the model to serve."""
        return self.variables.get("run_id")

    @property
    def lock(self) -> str:
        """Name for `stack.state.locked`: only one command at a time may use the stage's folder."""
        return "-".join(["stage", self.name, install.text_digest(str(self.folder))[:6]])

    def log(self, name: str) -> Path:
        """Return a log file of the stage."""
        return self.folder / "logs" / f"{name}.log"


def backend_file(infrastructure: Path, name: str) -> Path:
    """Return a stage's backend file."""
    return infrastructure / "vars" / f"{name}.s3.tfbackend"


def load(
    name: str,
    infrastructure: Path | None = None,
    service: Path | None = None,
    folder: Path | None = None,
) -> Stage:
    """Read a stage's files.

    Args:
        name: of the stage.
        infrastructure: the root module with the stage's files; None for the pipeline's own.
        service: the function's source; None for the pipeline's own.
        folder: to work in; None for one below `.cache`.

    Raises:
        HarnessError: there is no such stage, or its files cannot be read. guards/settings.py checks their content.
    """
    if name not in NAMES:
        raise HarnessError(f"there is no stage {name!r}", f"use one of: {', '.join(NAMES)}")
    pipeline = definition.current()
    definition.check_own("stages")
    infrastructure = infrastructure or pipeline.root
    service = service or pipeline.source or pipeline.root
    variables = tfvars.read(infrastructure / "vars" / f"{name}.tfvars")
    backend = tfvars.read(backend_file(infrastructure, name))
    return Stage(
        name, infrastructure, service, folder or pipeline.cache / "stages" / name, variables, backend, pipeline
    )
