"""The real root module with staging's variables, planned without an account or applied to an emulator."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.console import Step
from harness.local import deployment
from harness.machine import commands, processes
from harness.setup import install
from harness.stack.state import EMBEDDED, REGION, Stack
from harness.stages.terraform import APPLY_DEADLINE, BACKEND, READ_DEADLINE
from harness.terraform.json_output import Progress, as_text
from harness.terraform.working_copy import working_copy

VARS = "vars/stg.tfvars"  # the local variables leave out the lifecycle rules
RUN_ID = "0" * 32  # the function gets no events; probes have their own functions
FIXED = {"monitoring_enabled": "true", "allowed_account_ids": "null"}
# A plan that only creates resources asks AWS for the caller's identity and for Kinesis limits, but works without them.
OFFLINE = """
provider "aws" {
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
  max_retries                 = 1
}
"""
# The policy of the stage's key contains the account id, which only AWS knows.
ACCOUNT_FILE = "modules/kms/fidelity_override.tf"
ACCOUNT = """
data "aws_caller_identity" "this" {
  count = 0
}

locals {
  account_id = "000000000000"
}
"""
# Import ids of resources that `terraform import` does not address by id.
IMPORT_IDS = {
    "aws_cloudwatch_log_metric_filter": "{log_group_name}:{name}",
    "aws_kinesis_stream": "{name}",
    "aws_lambda_alias": "{function_name}/{name}",
}


class Root:
    """A working copy of the root module with its own state.

    Args:
        stack: its runtime decides between Zip and image; Terraform reaches its LocalStack unless offline.
        folder: for the copy.
        offline: without any endpoint; only `plan` works.
    """

    def __init__(self, stack: Stack, folder: Path, *, offline: bool = False) -> None:
        self.folder = folder / "root"
        self.log = folder / "terraform.log"
        self._offline = offline
        values = deployment.variables(stack, RUN_ID) | FIXED
        if offline and stack.runtime == EMBEDDED:  # any file will do; nothing is uploaded
            values["lambda_zip_path"] = str(self.folder / "main.tf")
        self._variables = [f"-var-file={VARS}", *(f"-var={name}={value}" for name, value in values.items())]
        self._environment = install.terraform_environment() | {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": REGION,
            "TF_DATA_DIR": str(folder / "terraform-data"),
            processes.MARKER: str(stack.folder),
            # Nothing listens there, so a request fails instead of reaching AWS.
            "AWS_ENDPOINT_URL": "http://127.0.0.1:1" if offline else stack.endpoint_url,
        }

    def init(self) -> None:
        """Makes the copy and initializes it."""
        working_copy(self.folder)
        (self.folder / "fidelity_override.tf").write_text(
            BACKEND.format(kind="local") + (OFFLINE if self._offline else "")
        )
        if self._offline:
            (self.folder / ACCOUNT_FILE).write_text(ACCOUNT)
        self._terraform("init", "-input=false", "-no-color")

    def plan(self) -> dict[str, Any]:
        """The plan, from `terraform show -json`."""
        refresh = ["-refresh=false"] if self._offline else []
        self._terraform("plan", "-input=false", "-no-color", "-out=plan", *refresh, *self._variables)
        return self._json("show", "-no-color", "-json", "plan")

    def apply(self, step: Step) -> dict[str, Any]:
        """Applies the last plan.

        Returns:
            Outputs, name to value.
        """
        progress = Progress(step)
        self._terraform("apply", "-input=false", "-json", "plan", deadline=APPLY_DEADLINE, progress=progress)
        return {name: output["value"] for name, output in self._json("output", "-no-color", "-json").items()}

    def resources(self) -> dict[str, dict[str, Any]]:
        """The values of the applied resources, by address."""
        state = self._json("show", "-no-color", "-json")
        return {one["address"]: one for one in _resources(state["values"]["root_module"])}

    def read_again(self, addresses: Sequence[str]) -> dict[str, dict[str, Any]]:
        """What the provider reads of applied resources if it knows nothing but how to find them.

        Moves the state away, so this copy cannot plan or apply afterwards.

        Args:
            addresses: of the resources.

        Returns:
            Values by address.
        """
        known = self.resources()
        (self.folder / "imports.tf").write_text("".join(_import(known[address]) for address in addresses))
        (self.folder / "terraform.tfstate").rename(self.folder / "applied.tfstate")
        changes = self.plan()["resource_changes"]
        return {change["address"]: change["change"]["before"] for change in changes if change["address"] in addresses}

    def _json(self, *words: str) -> dict[str, Any]:
        text = self._terraform(*words)
        found: dict[str, Any] = json.loads(text[text.index("{") :])
        return found

    def _terraform(self, *words: str, deadline: float = READ_DEADLINE, progress: Progress | None = None) -> str:
        return commands.run(
            ["terraform", *words], cwd=self.folder, env=self._environment, log=self.log, deadline=deadline,
            on_line=progress.read if progress else None, as_text=as_text if progress else str,
        )  # fmt: skip


def offline_plan(runtime: str, folder: Path) -> dict[str, Any]:
    """The plan of the root module for a runtime, made without any endpoint.

    Args:
        runtime: `embedded` (a Zip) or `docker` (an image).
        folder: for the working copy.
    """
    root = Root(Stack("fidelity", "stg", 1, runtime), folder, offline=True)
    root.init()
    return root.plan()


def _resources(module: Mapping[str, Any]) -> list[dict[str, Any]]:
    own = [one for one in module.get("resources", ()) if one["mode"] == "managed"]
    return own + [one for child in module.get("child_modules", ()) for one in _resources(child)]


def _import(resource: Mapping[str, Any]) -> str:
    name = IMPORT_IDS.get(resource["type"], "{id}").format(**resource["values"])
    return f"import {{\n  to = {resource['address']}\n  id = {json.dumps(name)}\n}}\n"
