"""The stage's files: they must be complete, and set only variables that exist."""

from __future__ import annotations

import difflib
import re

from harness.errors import HarnessError
from harness.paths import shown
from harness.stages import variables
from harness.stages.access import Access
from harness.stages.stage import Stage

BACKEND = ("bucket", "key", "region")
# A stage must not leave its account, region and names to defaults.
VARIABLES = ("project_id", "aws_region", "allowed_account_ids")


def check(stage: Stage, _access: Access) -> None:
    """Refuse files that do not say where the stage is, or that set an unknown variable.

    Args:
        stage: as read from its files.

    Raises:
        HarnessError: something is missing, unknown, or of the wrong type.
    """
    for path, found, needed in (
        (stage.vars_file, stage.variables, VARIABLES),
        (stage.backend_file, stage.backend, BACKEND),
    ):
        missing = [name for name in needed if not found.get(name)]
        if missing:
            hint = ': allowed_account_ids = ["<your account id>"]' if missing == [VARIABLES[-1]] else ""
            raise HarnessError(f"{shown(path)} does not set {', '.join(missing)}", f"set it there{hint}")
    accounts = stage.variables["allowed_account_ids"]
    if not isinstance(accounts, list) or not all(re.fullmatch(r"\d{12}", str(one)) for one in accounts):
        raise HarnessError(
            f"allowed_account_ids in {shown(stage.vars_file)} is not a list of account ids",
            'write them as strings of 12 digits: allowed_account_ids = ["123456789012"]',
        )
    _check_known(stage)


def _check_known(stage: Stage) -> None:
    """Refuse undeclared variables. Terraform only warns, so a typo would leave the default in force."""
    known = variables.defaults(stage.infrastructure)
    for name in stage.variables:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            raise HarnessError(
                f"{shown(stage.vars_file)} sets {name}, which is not a variable of the root module",
                f"write {near[0]}" if near else f"remove it; the variables are in {shown(stage.infrastructure)}/*.tf",
            )
