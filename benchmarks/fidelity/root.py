"""The real root module with staging's variables, planned without an account or applied to an emulator."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.fidelity.terraform import Terraform
from harness.local import deployment
from harness.stack.state import EMBEDDED, Stack
from harness.stages.terraform import BACKEND
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


class Root(Terraform):
    """A working copy of the root module with its own state.

    Args:
        stack: its runtime decides between Zip and image; Terraform reaches its LocalStack unless offline.
        folder: for the copy.
        offline: without any endpoint; only `plan` works.
    """

    def __init__(self, stack: Stack, folder: Path, *, offline: bool = False) -> None:
        super().__init__(stack, folder, folder / "root", offline=offline)
        self._offline = offline
        values = deployment.variables(stack, RUN_ID) | FIXED
        if offline and stack.runtime == EMBEDDED:  # any file will do; nothing is uploaded
            values["lambda_zip_path"] = str(self.root / "main.tf")
        self._variables = [f"-var-file={VARS}", *(f"-var={name}={value}" for name, value in values.items())]

    def init(self) -> None:
        """Makes the copy and initializes it."""
        working_copy(self.root)
        (self.root / "fidelity_override.tf").write_text(
            BACKEND.format(kind="local") + (OFFLINE if self._offline else "")
        )
        if self._offline:
            (self.root / ACCOUNT_FILE).write_text(ACCOUNT)
        super().init()

    def plan(self, *options: str) -> dict[str, Any]:
        """The plan, from `terraform show -json`."""
        refresh = ["-refresh=false"] if self._offline else []
        return super().plan(*refresh, *self._variables, *options)

    def outputs(self) -> dict[str, Any]:
        """Outputs, name to value."""
        return {name: output["value"] for name, output in self.json("output", "-no-color", "-json").items()}


def import_ids(resources: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """How `terraform import` finds resources, by address."""
    return {one["address"]: IMPORT_IDS.get(one["type"], "{id}").format(**one["values"]) for one in resources}


def offline_plan(runtime: str, folder: Path) -> dict[str, Any]:
    """The plan of the root module for a runtime, made without any endpoint.

    Args:
        runtime: `embedded` (a Zip) or `docker` (an image).
        folder: for the working copy.
    """
    root = Root(Stack("fidelity", "stg", 1, runtime), folder, offline=True)
    root.init()
    return root.plan()
