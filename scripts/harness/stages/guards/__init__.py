"""Checks before a stage is touched, cheapest first; each ends the command with cause and next step.

Every entry of `GUARDS` has a test that takes it out of the list, and shows that a bad input passes then
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
    engine,
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
    """How much is checked; each level holds those before it."""

    PLACE = 1
    """Where the command works: enough for what deploys nothing new."""
    PLAN = 2
    """Also what is to be deployed."""
    DEPLOY = 3
    """Also what is needed to make and to trace it."""


@dataclass(frozen=True)
class Guard:
    """One check.

    Attributes:
        name: what it is about.
        level: the lowest level that it belongs to.
        check: raises HarnessError when it refuses, and changes nothing.
    """

    name: str
    level: Level
    check: Callable[[Stage, Access], None]


GUARDS: tuple[Guard, ...] = (
    # Files and environment of this machine. Looking for credentials may already ask an endpoint: that is checked first.
    Guard("endpoints", Level.PLACE, endpoints.check),
    Guard("overrides", Level.PLACE, overrides.check),
    Guard("credentials", Level.PLACE, credentials.check),
    Guard("settings", Level.PLACE, settings.check),
    Guard("region", Level.PLACE, region.check),
    Guard("emulator's account", Level.PLACE, account.check_not_emulated),
    Guard("git", Level.DEPLOY, git.check),
    Guard("package", Level.PLAN, package.check),
    Guard("engine", Level.DEPLOY, engine.check),
    # AWS itself.
    Guard("AWS's answer", Level.PLACE, account.check_answer),
    Guard("account", Level.PLACE, account.check),
    Guard("names", Level.PLAN, names.check),
    Guard("image", Level.PLAN, image.check),
    Guard("model", Level.DEPLOY, model.check),
)


def check(stage: Stage, access: Access, level: Level = Level.DEPLOY, guards: Sequence[Guard] = GUARDS) -> None:
    """Checks what a command depends on, and shows where it will work.

    Args:
        stage: what the command is about.
        access: to its account.
        level: how much is to be checked.
        guards: the checks to choose from.

    Raises:
        HarnessError: a check refuses; nothing was changed.
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
    """The checks of `check` that are about where, not about what.

    Args:
        stage: what is to be changed.
        access: to its account.

    Raises:
        HarnessError: a check refuses; nothing was changed.
    """
    check(stage, access, Level.PLACE)
