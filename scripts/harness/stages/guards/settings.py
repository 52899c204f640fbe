"""The stage's files: they must be complete, and set only variables that exist."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness import console
from harness.errors import HarnessError
from harness.paths import shown
from harness.stages import root_module
from harness.stages.access import Access
from harness.stages.stage import ACCOUNTS, NAMES, Stage, backend_file_of, read_backend, vars_file_of

BACKEND = ("bucket", "key", "region")
# A stage of this repository must not leave its account, region and names to defaults.
VARIABLES = ("project_id", "aws_region", ACCOUNTS)


def check(stage: Stage, _access: Access) -> None:
    """Refuse files that do not say where the stage is, or that set an unknown variable.

    Args:
        stage: as read from its files.

    Raises:
        HarnessError: something is missing, unknown, or of the wrong type.
    """
    if other := root_module.other_backend(stage.infrastructure):
        raise HarnessError(
            f"the state of {stage.pipeline.name} is in Terraform's backend {other!r}; stages keep it in S3",
            "deploy it with Terraform itself, or change the backend (terraform init -migrate-state)",
        )
    needed = VARIABLES if stage.pipeline.is_default else ()
    _check_set(stage.vars_file, stage.variables, needed)
    _check_set(stage.backend_file, stage.backend, BACKEND)
    listed = stage.variables.get(ACCOUNTS) or stage.backend.get(ACCOUNTS)
    _check_set(stage.accounts_file, {ACCOUNTS: listed}, (ACCOUNTS,))
    if not isinstance(listed, list) or not all(re.fullmatch(r"\d{12}", str(one)) for one in listed):
        raise HarnessError(
            f"{ACCOUNTS} in {shown(stage.accounts_file)} is not a list of account ids",
            f'write them as strings of 12 digits: {ACCOUNTS} = ["123456789012"]',
        )
    if not stage.region:
        raise HarnessError(
            f'the region of {stage.name} is not known: no provider "aws" in {shown(stage.infrastructure)} names it, or '
            "a variable with it",
            "write region into the provider's block",
        )
    _check_state_alone(stage)
    _check_known(stage)


def _check_set(path: Path, found: Mapping[str, Any], needed: Sequence[str]) -> None:
    if missing := [name for name in needed if not found.get(name)]:
        hint = f': {ACCOUNTS} = ["<your account id>"]' if missing == [ACCOUNTS] else ""
        raise HarnessError(f"{shown(path)} does not set {', '.join(missing)}", f"set it there{hint}")


def _check_state_alone(stage: Stage) -> None:
    """Refuse a state that another stage has as well: a deployment would replace that stage's resources."""
    place = [stage.backend[name] for name in BACKEND]
    for other in (name for name in NAMES if name != stage.name):
        variables = vars_file_of(stage.pipeline, other, stage.infrastructure)
        file = backend_file_of(variables)
        if not (
            file if stage.pipeline.is_default or not stage.pipeline.file.terraform.var_file else variables
        ).is_file():
            continue  # there is no such stage
        found = read_backend(stage.pipeline, stage.infrastructure, file)
        if [found.get(name) for name in BACKEND] == place:
            raise HarnessError(
                f"{stage.name} and {other} keep their state in the same place, s3://{'/'.join(place[:2])}",
                f"give each a key of its own, in {shown(stage.backend_file)} and {shown(file)}",
            )


def _check_known(stage: Stage) -> None:
    """Refuse undeclared variables. Terraform only warns, so a typo would leave the default in force."""
    known = root_module.defaults(stage.infrastructure)
    for name in stage.variables:
        if name in known:
            continue
        near = difflib.get_close_matches(name, known, 1)
        cause = f"{shown(stage.vars_file)} sets {name}, which is not a variable of the root module"
        if not stage.pipeline.is_default and not near:  # as Terraform does
            console.warn(cause)
            continue
        raise HarnessError(
            cause, f"write {near[0]}" if near else f"remove it; the variables are in {shown(stage.infrastructure)}/*.tf"
        )
