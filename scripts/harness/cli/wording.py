"""Names commands in messages as the user calls them: by make targets or by `pipeline`."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable

from harness.cli.sections import SHORT

TARGETS = {long: short for short, long in SHORT.items()}
OF_A_STAGE = re.compile(r"(plan|deploy|smoke|compare|destroy|unlock|rehearse)-(stg|prod)")


def of(program: str, commands: Iterable[str]) -> Callable[[str], str]:
    """Return a function that turns the make targets in a message into calls of a program.

    Messages name targets. In the folder of another pipeline there is no Makefile.

    Args:
        program: the program's name.
        commands: names of its commands.

    Returns:
        The function; it changes nothing in what make has called.
    """
    if os.environ.get("MAKELEVEL"):
        return lambda text: text
    names = "|".join(sorted(map(re.escape, commands), key=len, reverse=True))
    target = rf"(?:{OF_A_STAGE.pattern}|{names})(?![\w-])"
    call = re.compile(rf"\bmake ({target}(?: {target})*)")

    def command(target: str) -> str:
        if found := OF_A_STAGE.fullmatch(target):
            return "rehearse" if found[1] == "rehearse" else f"{found[1]} {found[2]}"
        return TARGETS.get(target, target)

    def calls(found: re.Match[str]) -> str:
        return " && ".join(f"{program} {command(target)}" for target in found[1].split())

    return lambda text: call.sub(calls, text)
