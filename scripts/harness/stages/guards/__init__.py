"""Checks before a stage is touched, cheapest first; each ends the command with cause and next step."""

from __future__ import annotations

from harness import console
from harness.stages.access import Access
from harness.stages.guards import account, credentials, settings
from harness.stages.stage import Stage


def check(stage: Stage, access: Access) -> None:
    """Checks everything that a deployment depends on, and shows what was found.

    Args:
        stage: what is to be deployed.
        access: how.

    Raises:
        HarnessError: a check refuses; nothing was changed.
    """
    check_for_destroy(stage, access)


def check_for_destroy(stage: Stage, access: Access) -> None:
    """The checks of `check` that are about where, not about what.

    Args:
        stage: what is to be changed.
        access: how.

    Raises:
        HarnessError: a check refuses; nothing was changed.
    """
    credentials.check(access)
    settings.check(stage)
    identity = account.check(stage, access)
    console.pairs(
        [
            ("account", identity.account),
            ("as", identity.arn),
            ("region", stage.region),
            ("state", f"s3://{stage.backend['bucket']}/{stage.backend['key']}"),
        ]
    )
