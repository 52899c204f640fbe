"""Runs Terraform in a working copy, so that nothing that tflocal leaves behind can reach a real deployment."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness import console
from harness.console import Step
from harness.errors import CommandFailedError
from harness.machine import commands, processes
from harness.machine.processes import MARKER
from harness.paths import INFRASTRUCTURE, VENV_BIN
from harness.setup import install
from harness.stack.clients import Clients
from harness.stack.state import REGION, Stack
from harness.terraform.json_output import Progress, as_text

APPLY_DEADLINE = 600.0
READ_DEADLINE = 120.0
CHANGES_STATUS = 2  # of a plan with -detailed-exitcode
BACKEND = "vars/local.s3.tfbackend"


class Terraform:
    """Runs `tflocal` on a copy of `infrastructure/`, with the state in the stack's own S3.

    LocalStack loses everything on a restart, and this state with it, so the two cannot drift apart. Streams that
    PERSISTENCE=1 keeps are imported.
    """

    def __init__(self, stack: Stack, variables: Mapping[str, str]) -> None:
        self.folder = stack.folder / "terraform"
        self.stack = stack
        self.log = stack.log("terraform")
        self.variables = [
            "-var-file=vars/local.tfvars",
            f"-var=project_id={stack.project_id}",
            *(f"-var={name}={value}" for name, value in variables.items()),
        ]
        self.env = self._environment()

    def init(self, more: str = "") -> None:
        """Create the working copy and initialize it; tflocal creates the state bucket.

        Args:
            more: configuration to add to the copy.
        """
        shutil.rmtree(self.folder, ignore_errors=True)
        working_copy(self.folder)
        if more:
            (self.folder / "kept.tf").write_text(more)
        self._tflocal("init", "-input=false", "-no-color", f"-backend-config={BACKEND}")

    def lift_stale_lock(self) -> None:
        """End the Terraform of a killed run, and remove its lock on the state.

        Hold the stack's lock, so that no other command of the harness runs Terraform.
        """
        programs = re.compile(r"(^|/)(terraform|tflocal)( |$)")
        found = processes.of_stack(self.stack.folder)
        left = [process for process in found if programs.search(processes.command_line(process))]
        processes.end_all(left, grace=commands.GRACE_SECONDS)
        bucket, key = self._state()
        client = Clients(self.stack).s3
        with contextlib.suppress(client.exceptions.NoSuchBucket):
            if client.list_objects_v2(Bucket=bucket, Prefix=f"{key}.tflock")["KeyCount"]:
                console.warn("an earlier run was killed while Terraform worked; removed its lock on the state")
                client.delete_object(Bucket=bucket, Key=f"{key}.tflock")

    def _state(self) -> tuple[str, str]:
        backend = dict(re.findall(r'^(\w+)\s*=\s*"(.*)"', (INFRASTRUCTURE / BACKEND).read_text(), re.MULTILINE))
        return backend["bucket"], backend["key"]

    def apply(self, step: Step, target: str | None = None) -> dict[str, Any]:
        """Apply the configuration.

        Args:
            step: shows how many resources are done.
            target: the only module to apply; None for the whole configuration.

        Returns:
            The outputs, by name.
        """
        progress = Progress(step)
        self._tflocal(
            "apply", "-input=false", "-json", "-auto-approve", *([f"-target={target}"] if target else []),
            *self.variables, deadline=APPLY_DEADLINE, on_line=progress.read, as_text=as_text,
        )  # fmt: skip
        step.result = progress.summary
        return self.outputs()

    def outputs(self) -> dict[str, Any]:
        """Return the outputs of the last apply, by name."""
        text = self._tflocal("output", "-no-color", "-json")
        return {name: output["value"] for name, output in json.loads(text[text.index("{") :]).items()}

    def plan_is_empty(self, *, refresh: bool = True) -> bool:
        """Return whether a plan would change nothing; the working copy must have been applied.

        Args:
            refresh: False to compare the configuration with the state alone, which takes half the time.
        """
        words = ["plan", "-input=false", "-no-color", "-detailed-exitcode", f"-refresh={str(refresh).lower()}"]
        try:
            self._tflocal(*words, *self.variables)
        except CommandFailedError as error:
            if error.status == CHANGES_STATUS:
                return False
            raise
        return True

    def destroy(self) -> None:
        """Destroy every resource."""
        self._tflocal("destroy", "-input=false", "-no-color", "-auto-approve", *self.variables, deadline=APPLY_DEADLINE)

    def _tflocal(self, *words: str, deadline: float = READ_DEADLINE, **more: Any) -> str:
        return commands.run(
            [VENV_BIN / "tflocal", *words],
            cwd=self.folder, env=self.env, log=self.log, deadline=deadline, **more,
            trouble=lambda: None if self.stack.alive() else "was stopped: LocalStack has ended",
        )  # fmt: skip

    def _environment(self) -> dict[str, str]:
        return install.terraform_environment() | {
            "AWS_ENDPOINT_URL": self.stack.endpoint_url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "S3_HOSTNAME": "127.0.0.1",  # nothing has to resolve bucket host names
            "DISABLE_DEPRECATION_NOTICE": "1",
            "TF_DATA_DIR": str(self.stack.folder / "terraform-data"),
            MARKER: str(self.stack.folder),
        }


def working_copy(target: Path, source: Path = INFRASTRUCTURE) -> Path:
    """Copy `infrastructure/`, without local leftovers such as state files."""
    ignored = shutil.ignore_patterns(".terraform", "*.tfstate*", "*_override.tf")
    shutil.copytree(source, target, ignore=ignored, dirs_exist_ok=True)
    return target
