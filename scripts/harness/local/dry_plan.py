"""A plan of a pipeline's Terraform against an empty LocalStack: what it would make, where nothing is."""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness import console
from harness.errors import CommandFailedError, HarnessError
from harness.local import deployment, kept_logs, lifecycle, runtimes
from harness.machine import environment, ports
from harness.paths import shown
from harness.pipeline.definition import Pipeline
from harness.setup import install
from harness.stack import state as stacks
from harness.stack.state import EMBEDDED, Stack
from harness.terraform import relative_paths
from harness.terraform.runner import Terraform
from harness.terraform.working_copy import ZIP_VARIABLE

NAME = "plan"
SHOWN = 5  # files
# Folders of tools, and of packages.
_FOREIGN = re.compile(r"(^|/)(\.|node_modules/|venv/)")
NO_VALUE = "No value for required variable"
_VARIABLE = re.compile(r'variable "([\w-]+)"')
# What a plan of somebody's Terraform fails with where nothing exists yet, and what to do about it.
HINTS = {
    NO_VALUE: "give the variable a default, or a value in terraform.tfvars or a file of "
    "variables by stage, such as local.tfvars",
    "Cannot assume IAM Role": "a provider assumes a role that LocalStack does not have. The harness takes roles from "
    'the providers in your own files; make this one a dynamic "assume_role" block, over a variable that is empty on '
    "this machine",
    "failed to get shared config profile": "only profiles that the provider names in quotation marks exist here: let a "
    "variable with a profile be null on this machine",
    'Call to function "file': "a file that the Terraform reads is not there: build it first, as before a plan for AWS",
    'terraform.workspace is "default"': "there are no workspaces here, and terraform.workspace is default: let the "
    "Terraform have a value for it, as lookup(…, terraform.workspace, …) does",
    "Preparing import...": "an import block takes over what an empty LocalStack does not have: remove it once it has "
    "been applied, or give it a for_each that is empty on this machine",
    "AWS account ID not allowed": "LocalStack's account is 000000000000: let the variable have it in the file for this "
    "machine, such as local.tfvars",
    "with data.": "a data source looks for a resource that an empty LocalStack does not have: make the resource in "
    "this root module, or name the folder of one that does",
    "Error accessing remote module registry": "make Terraform's registry reachable, or keep the module in the folder",
    "Could not download module": "make the module's source reachable from here, or keep it in the folder",
    "could not connect to registry": "make Terraform's registry, or a mirror of it, reachable (docs/offline.md)",
    "previously-selected version": "the lock file, .terraform.lock.hcl, has a version that cannot be had here: AWS's "
    "provider is 5.100; terraform init -upgrade writes it anew",
    "no available releases match": "allow a version that can be had here: of the AWS provider that is 5.100",
}


def document(pipeline: Pipeline, var_file: Path | None = None, package_type: str | None = None) -> dict[str, Any]:
    """Return the JSON of a plan.

    Args:
        pipeline: of which only the Terraform has to be known.
        var_file: with Terraform's variables; None for the file that a local stack takes.
        package_type: Zip or Image, if the Terraform leaves it to a variable; None for that of a local stack.

    Raises:
        HarnessError: the plan could not be made.
    """
    with _empty_localstack() as stack, _hints(pipeline, var_file):
        terraform = Terraform(stack, _variables(stack, pipeline, package_type), pipeline, var_file)
        with console.step("Terraform init"):
            terraform.init()
        with console.step("Terraform plan") as step:
            found = terraform.plan_document()
            step.result = f"resources: {len(found.get('resource_changes', []))}"
    return found


@contextmanager
def _hints(pipeline: Pipeline, var_file: Path | None = None) -> Iterator[None]:
    """Put what helps against the usual errors in front of an error's next step. Takes the arguments of `document`."""
    try:
        yield
    except HarnessError as error:
        # The cause has the last lines only.
        whole = error.output if isinstance(error, CommandFailedError) else error.cause
        found = [hint for text, hint in HINTS.items() if text in whole]
        unused = _unused(pipeline, var_file) if NO_VALUE in whole else []
        error.next_step = "; ".join([*_set_in_vain(whole), *unused, *found, error.next_step])
        raise


def _set_in_vain(output: str) -> list[str]:
    """Explain why a variable has no value although the user has set it in the environment."""
    if NO_VALUE not in output:
        return []
    names = [f"TF_VAR_{name}" for name in dict.fromkeys(_VARIABLE.findall(output))]
    given = [name for name in names if name in environment.REMOVED]
    return [
        f"{name} is set, but Terraform does not get it here: a local stack takes values from files only"
        for name in given
    ]


def _unused(pipeline: Pipeline, var_file: Path | None) -> list[str]:
    """Name the files of variables below the pipeline that the plan did not use."""
    used = {var_file or pipeline.local_var_file(), *relative_paths.values(pipeline.root)}
    files = {file for pattern in ("*.tfvars", "*.tfvars.json") for file in pipeline.folder.rglob(pattern)}
    mine = sorted(file for file in files - used if not _FOREIGN.search(str(file.relative_to(pipeline.folder))))
    if not mine:
        return []
    names = ", ".join(shown(file) for file in mine[:SHOWN]) + (" …" if len(mine) > SHOWN else "")
    return [
        f"these files of variables were not used: {names}. Name the one for this machine local.tfvars beside the "
        "Terraform, or its pattern in pipeline.toml: terraform.var_file"
    ]


def _variables(stack: Stack, pipeline: Pipeline, package_type: str | None) -> dict[str, str]:
    """Return the variables that the harness sets; a Zip that does not exist yet is an empty one."""
    found = deployment.variables(stack, "", pipeline)
    if ZIP_VARIABLE in found:
        package = stack.folder / "empty.zip"
        with zipfile.ZipFile(package, "w"):
            found[ZIP_VARIABLE] = str(package)
    if package_type and deployment.PACKAGE_TYPE in found:
        found[deployment.PACKAGE_TYPE] = package_type
    return found


@contextmanager
def _empty_localstack() -> Iterator[Stack]:
    lifecycle.remove_abandoned(NAME)
    install.for_runtime(EMBEDDED)
    stack = Stack(f"{NAME}-{os.getpid()}", "local", ports.free_ports(1)[0], EMBEDDED)
    with stacks.locked(stack.name):
        try:
            with kept_logs.after_failure(stack.name):
                runtimes.of(stack).start(stack)
                yield stack
        finally:
            lifecycle.down_locked(stack.name)
