"""The stage's files: they say all that a deployment must know."""

from __future__ import annotations

from harness.errors import HarnessError
from harness.paths import shown
from harness.stages.stage import Stage

BACKEND = ("bucket", "key", "region")
# What must not be left to a default: which account, region and names a stage has.
VARIABLES = ("project_id", "aws_region", "allowed_account_ids")


def check(stage: Stage) -> None:
    """Refuses files that leave open where the stage is.

    Args:
        stage: as read from its files.

    Raises:
        HarnessError: something is missing, or is of another kind.
    """
    for path, found, needed in (
        (stage.vars_file, stage.variables, VARIABLES),
        (stage.backend_file, stage.backend, BACKEND),
    ):
        missing = [name for name in needed if not found.get(name)]
        if missing:
            raise HarnessError(
                f"{shown(path)} does not set {', '.join(missing)}",
                "set it there"
                + (': allowed_account_ids = ["<your account id>"]' if missing == [VARIABLES[-1]] else ""),
            )
    accounts = stage.variables["allowed_account_ids"]
    if not isinstance(accounts, list) or not all(isinstance(one, str) and one.isdigit() for one in accounts):
        raise HarnessError(
            f"allowed_account_ids in {shown(stage.vars_file)} is no list of account ids",
            'write them as strings of 12 digits: allowed_account_ids = ["123456789012"]',
        )
