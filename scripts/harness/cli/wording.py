"""Names commands in messages as the user calls them: by make targets or by `pipeline`."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable

from harness.cli.sections import SHORT

TARGETS = {long: short for short, long in SHORT.items()}
OF_A_STAGE = r"(?P<action>plan|deploy|smoke|destroy|unlock)-(?P<stage>stg|prod)"


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
    target = re.compile(rf"\bmake (?:{OF_A_STAGE}|(?P<rehearse>rehearse)-stg|(?P<command>{names})(?![\w-]))")

    def call(found: re.Match[str]) -> str:
        if found["action"]:
            return f"{program} {found['action']} {found['stage']}"
        command = found["rehearse"] or found["command"]
        return f"{program} {TARGETS.get(command, command)}"

    return lambda text: target.sub(call, text)
