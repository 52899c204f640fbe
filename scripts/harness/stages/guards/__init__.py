"""Checks before a stage is touched, cheapest first. Each ends the command with a cause and a next step.

For every entry of `GUARDS`, a test removes it from the list and shows that a bad input then passes
(scripts/tests/stages/guards).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from harness import console
from harness.stages.access import Access
from harness.stages.guards import (
    account,
    credentials,
    endpoints,
    git,
    image,
    model,
    names,
    overrides,
    package,
    region,
    settings,
)
from harness.stages.stage import Stage


class Level(IntEnum):
    """How much is checked. Each level includes those before it."""

    PLACE = 1
    """Where the command works; enough for commands that deploy nothing new."""
    PLAN = 2
    """Also what would be deployed."""
    DEPLOY = 3
    """Also what is needed to build it and to trace it back."""


@dataclass(frozen=True)
class Guard:
    """One check.

    Attributes:
        name: its subject.
        level: the lowest level that includes it.
        check: raises HarnessError to refuse, and changes nothing.
    """

    name: str
    level: Level
    check: Callable[[Stage, Access], None]


GUARDS: tuple[Guard, ...] = (
    # Files and environment of this machine. Endpoints come first, because finding credentials may already use one.
    Guard("endpoints", Level.PLACE, endpoints.check),
    Guard("overrides", Level.PLACE, overrides.check),
    Guard("credentials", Level.PLACE, credentials.check),
    Guard("settings", Level.PLACE, settings.check),
    Guard("region", Level.PLACE, region.check),
    Guard("emulator's account", Level.PLACE, account.check_not_emulated),
    Guard("git", Level.DEPLOY, git.check),
    Guard("package", Level.PLAN, package.check),
    Guard("engine", Level.DEPLOY, image.check_engine),
    # AWS itself.
    Guard("AWS's answer", Level.PLACE, account.check_answer),
    Guard("account", Level.PLACE, account.check),
    Guard("names", Level.PLAN, names.check),
    Guard("image", Level.PLAN, image.check),
    Guard("model", Level.DEPLOY, model.check),
)


def check(stage: Stage, access: Access, level: Level = Level.DEPLOY, guards: Sequence[Guard] = GUARDS) -> None:
    """Check everything that a command depends on, and show where it will work.

    Args:
        stage: the command's stage.
        access: to its account.
        level: how much to check.
        guards: the checks to choose from.

    Raises:
        HarnessError: a check failed; nothing was changed.
    """
    for guard in guards:
        if guard.level <= level:
            guard.check(stage, access)
    console.pairs(
        [
            ("account", access.identity.account),
            ("as", access.identity.arn),
            ("region", stage.region),
            ("state", f"s3://{stage.backend['bucket']}/{stage.backend['key']}"),
        ]
    )


def check_for_destroy(stage: Stage, access: Access) -> None:
    """Run the checks that are about where a command works, not about what it deploys.

    Args:
        stage: to be changed.
        access: to its account.

    Raises:
        HarnessError: a check failed; nothing was changed.
    """
    check(stage, access, Level.PLACE)
