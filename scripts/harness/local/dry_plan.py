"""A plan of a pipeline's Terraform against an empty LocalStack: what it would make, where nothing is."""

from __future__ import annotations

import contextlib
import os
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness import console
from harness.errors import HarnessError
from harness.local import deployment, lifecycle, runtimes
from harness.machine import processes
from harness.paths import CACHE, shown
from harness.pipeline.definition import Pipeline
from harness.setup import install
from harness.stack import state as stacks
from harness.stack.state import EMBEDDED, Stack
from harness.terraform.runner import Terraform
from harness.terraform.working_copy import ZIP_VARIABLE

NAME = "plan"
# What a plan of somebody's Terraform fails with where nothing exists yet, and what to do about it.
HINTS = {
    "No value for required variable": "give the variable a default, or a value in terraform.tfvars or a file of "
    "variables by stage, such as local.tfvars",
    "with data.": "a data source looks for a resource that an empty LocalStack does not have: make the resource in "
    "this root module, or name the folder of one that does",
    "Could not download module": "make the module's source reachable from here, or vendor it into the folder",
    "Failed to query available provider packages": "make Terraform's registry or a mirror of its providers reachable "
    "(docs/offline.md)",
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
    with _empty_localstack() as stack, _log_kept(stack):
        terraform = Terraform(stack, _variables(stack, pipeline, package_type), pipeline, var_file)
        with console.step("Terraform init"):
            terraform.init()
        with console.step("Terraform plan") as step:
            found = terraform.plan_document()
            step.result = f"{len(found.get('resource_changes', []))} resources"
    return found


@contextmanager
def _log_kept(stack: Stack) -> Iterator[None]:
    """Keep Terraform's output after a failure, because the stack's folder is about to go; add a hint to a usual one."""
    try:
        yield
    except HarnessError as error:
        log = CACHE / "logs" / "plan.log"
        with contextlib.suppress(OSError):
            log.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(stack.log("terraform"), log)
        hints = [hint for text, hint in HINTS.items() if text in error.cause]
        where = error.next_step.replace(shown(stack.log("terraform")), shown(log))
        error.next_step = "; ".join([*hints, where])
        raise


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
    stack = Stack(f"{NAME}-{os.getpid()}", "local", processes.free_ports(1)[0], EMBEDDED)
    with stacks.locked(stack.name):
        try:
            runtimes.of(stack).start(stack)
            yield stack
        finally:
            lifecycle.down_locked(stack.name)
