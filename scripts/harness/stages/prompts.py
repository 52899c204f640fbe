"""Asks before something is changed. The user answers at the terminal, or with YES=1."""

from __future__ import annotations

import os
import sys

from harness import console
from harness.errors import HarnessError


def confirm(question: str) -> None:
    """Ask a yes/no question; return if the answer is yes.

    Args:
        question: what is about to be done.

    Raises:
        HarnessError: the answer is no, or there is no terminal.
    """
    if os.environ.get("YES") == "1":
        console.say(f"{question} YES=1")
        return
    if _answer(f"{question} [y/N] ").lower() not in ("y", "yes"):
        raise HarnessError("nothing was changed: the answer was not yes", "run it again and answer y, or set YES=1")


def confirm_by_name(question: str, name: str) -> None:
    """Ask the user to type a name. YES=1 does not answer this.

    Args:
        question: what is about to be done.
        name: what must be typed.

    Raises:
        HarnessError: something else was typed.
    """
    if _answer(f"{question} Type {name} to continue: ") != name:
        raise HarnessError(f"nothing was changed: {name} was not typed", "run it again at a terminal and type it")


def _answer(prompt: str) -> str:
    console.err.print(prompt, end="", markup=False)
    sys.stderr.flush()
    line = sys.stdin.readline()
    if not line:
        console.say("")  # no terminal (a CI job), or Ctrl-D
    return line.strip()
