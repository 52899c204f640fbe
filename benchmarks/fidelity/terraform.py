"""Runs Terraform in a folder with a state of its own, against an emulator or without any endpoint."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from harness.console import Step
from harness.machine import commands, processes
from harness.setup import install
from harness.stack.state import REGION, Stack
from harness.stages.terraform import APPLY_DEADLINE, READ_DEADLINE
from harness.terraform.json_output import Progress, as_text

NOWHERE = "http://127.0.0.1:1"  # nothing listens there, so a request fails instead of reaching AWS


class Terraform:
    """Terraform in one folder.

    Args:
        stack: owns the processes; Terraform reaches its LocalStack unless offline.
        folder: for data and log.
        root: the folder with the configuration, in which the state is kept, too.
        offline: without any endpoint; only `plan` works.
    """

    def __init__(self, stack: Stack, folder: Path, root: Path, *, offline: bool = False) -> None:
        self.root = root
        self.log = folder / "terraform.log"
        self._environment = install.terraform_environment() | {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": REGION,
            "TF_DATA_DIR": str(folder / "terraform-data"),
            processes.MARKER: str(stack.folder),
            "AWS_ENDPOINT_URL": NOWHERE if offline else stack.endpoint_url,
        }

    def init(self) -> None:
        """Initializes the folder."""
        self.run("init", "-input=false", "-no-color")

    def plan(self, *options: str) -> dict[str, Any]:
        """The plan, from `terraform show -json`; `apply` applies it."""
        self.run("plan", "-input=false", "-no-color", "-out=plan", *options)
        return self.json("show", "-no-color", "-json", "plan")

    def apply(self, step: Step, *options: str) -> None:
        """Applies the last plan."""
        progress = Progress(step)
        words = ("apply", "-input=false", "-json", *options, "plan")
        self.run(*words, deadline=APPLY_DEADLINE, progress=progress)

    def resources(self) -> dict[str, dict[str, Any]]:
        """The values of the applied resources, by address."""
        state = self.json("show", "-no-color", "-json")
        return {one["address"]: one for one in _resources(state["values"]["root_module"])}

    def read_again(self, ids: Mapping[str, str]) -> dict[str, dict[str, Any]]:
        """What the provider reads of applied resources if it knows nothing but how to find them.

        Moves the state to `applied.tfstate`.

        Args:
            ids: for the import, by address.

        Returns:
            Values by address.
        """
        (self.root / "imports.tf").write_text("".join(_imports(ids)))
        (self.root / "terraform.tfstate").rename(self.root / "applied.tfstate")
        changes = self.plan()["resource_changes"]
        return {change["address"]: change["change"]["before"] for change in changes if change["address"] in ids}

    def json(self, *words: str) -> dict[str, Any]:
        """The JSON object that a command prints."""
        text = self.run(*words)
        found: dict[str, Any] = json.loads(text[text.index("{") :])
        return found

    def run(self, *words: str, deadline: float = READ_DEADLINE, progress: Progress | None = None) -> str:
        """Runs a command and returns its output."""
        return commands.run(
            ["terraform", *words], cwd=self.root, env=self._environment, log=self.log, deadline=deadline,
            on_line=progress.read if progress else None, as_text=as_text if progress else str,
        )  # fmt: skip


def _resources(module: Mapping[str, Any]) -> list[dict[str, Any]]:
    own = [one for one in module.get("resources", ()) if one["mode"] == "managed"]
    return own + [one for child in module.get("child_modules", ()) for one in _resources(child)]


def _imports(ids: Mapping[str, str]) -> Iterable[str]:
    for address, identifier in ids.items():
        yield f"import {{\n  to = {address}\n  id = {json.dumps(identifier)}\n}}\n"
