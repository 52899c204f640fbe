"""A developer's waits: a start from nothing, another one without a change, and a saved line of the function's code."""

from __future__ import annotations

import time
from collections.abc import Callable

from benchmarks.bench import figures
from benchmarks.bench.figures import Figure
from harness import console
from harness.console import Step
from harness.errors import HarnessError
from harness.local import canary, lifecycle, reloading
from harness.stack.state import Stack

UP = "up"
TITLES = {
    UP: "up: from nothing, all installed, to the sample event's answer",
    "up_unchanged": "up again, nothing changed",
    "changed_line": "from a saved line of the function to the next event's answer (WATCH=1)",
}
UNIT = "s"
ROUNDS = 3


def up(seconds: float) -> dict[str, Figure]:
    """Return the figure of a start that took so many seconds."""
    return {UP: figures.of_rounds([seconds], UNIT)}


def measured(stack: Stack, step: Step) -> dict[str, Figure]:
    """Return the waits of a developer whose stack runs. The deployed code runs again afterwards.

    Raises:
        HarnessError: the function has no source, or the changed code did not answer.
    """
    with console.beside(step):
        again = _rounds(lambda _: lifecycle.up(stack.name, stack.project_id, stack.port, stack.runtime), step)
    try:
        changed = _rounds(lambda number: _change_a_line(stack, number, step), step)
    finally:
        reloading.withdraw(stack)
    return {
        "up_unchanged": figures.of_rounds(again, UNIT),
        "changed_line": figures.of_rounds(changed, UNIT),
    }


def _rounds(action: Callable[[int], object], step: Step) -> list[float]:
    taken = []
    for number in range(ROUNDS):
        step.note(f"round {number + 1} of {ROUNDS}")
        started = time.monotonic()
        action(number)
        taken.append(time.monotonic() - started)
    return taken


def _change_a_line(stack: Stack, number: int, step: Step) -> None:
    """Run the function with another last line, and wait for an answer. Nothing is written to the user's files."""
    code = {name: data for name, data in reloading.files(stack).items() if name.endswith(".py") and data}
    if not code:
        raise HarnessError("the function has no Python source", "measure another pipeline")
    name = max(code, key=lambda each: len(code[each]))
    reloading.put(stack, {name: code[name] + f"\n# {number}\n".encode()})
    canary.answer_to(stack, stack.pipeline.samples()[0], step)
