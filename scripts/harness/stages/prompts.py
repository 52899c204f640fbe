"""Questions before something is changed: answered at the terminal, or by YES=1."""

from __future__ import annotations

import os
import sys

from harness import console
from harness.errors import HarnessError


def confirm(question: str) -> None:
    """Asks; returns when the answer is yes.

    Args:
        question: what is about to be done.

    Raises:
        HarnessError: the answer is no, or nobody is there to answer.
    """
    if os.environ.get("YES") == "1":
        console.say(f"{question} YES=1")
        return
    if _answer(f"{question} [y/N] ").lower() not in ("y", "yes"):
        raise HarnessError("nothing was changed: the answer was not yes", "run it again and answer y, or use YES=1")


def confirm_by_name(question: str, name: str) -> None:
    """Asks for a name to be typed; YES=1 is no answer to this.

    Args:
        question: what is about to be done.
        name: what must be typed.

    Raises:
        HarnessError: something else was typed.
    """
    if _answer(f"{question} Type {name} to go on: ") != name:
        raise HarnessError(f"nothing was changed: {name} was not typed", "run it again at a terminal and type it")


def _answer(prompt: str) -> str:
    console.err.print(prompt, end="", markup=False)
    sys.stderr.flush()
    line = sys.stdin.readline()
    if not line:
        console.say("")  # nobody is there: a pipeline's job, or Ctrl-D
    return line.strip()
