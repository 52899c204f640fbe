"""Requests that IAM does not allow in a stack, from the list that the emulator keeps (emulator, `authorization`)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import psutil

from harness import console
from harness.errors import HarnessError, NoAnswerError
from harness.stack import interface
from harness.stack.state import Stack

PATH = "/_pipeline/iam/denials"
NO_LIST = NoAnswerError(
    "this LocalStack keeps no list of denials",
    "it is not this project's, or an older version: make local-down local-up",
)
TOLD = 3  # in an error message; `make iam-denials` lists all


@dataclass(frozen=True)
class Denial:
    """An action that a principal may not perform, however often it was tried.

    Attributes:
        principal, action, resource: as in AWS's message.
        refused: false if IAM_ENFORCEMENT=soft served the request anyway.
        count: number of requests.
        last: time of the last request, ISO 8601.
        explanation: the policy type, policy and statement that decided, and anything that could not be evaluated.
    """

    principal: str
    action: str
    resource: str
    refused: bool
    count: int
    last: str
    explanation: str


def read(stack: Stack, method: str = "GET") -> tuple[str, list[Denial]]:
    """Read the list; the method DELETE empties it first.

    Returns:
        The mode (`on`, `soft`, `off`), and the denials, oldest first.

    Raises:
        HarnessError: LocalStack does not respond, or keeps no such list.
    """
    found = interface.ask(stack, method, PATH, absent=NO_LIST)
    fields = Denial.__dataclass_fields__
    return found["enforcement"], [Denial(**{name: each[name] for name in fields}) for each in found["denials"]]


def summary(stack: Stack, since: datetime | None = None) -> str:
    """Summarize what IAM refused, for an error message; empty if it refused nothing or LocalStack does not respond.

    Args:
        stack: once Terraform has been applied, only refusals to its function count, because others may use the same
            LocalStack.
        since: earlier refusals do not count; None for the start of this process.
    """
    try:
        _, found = read(stack)
    except NoAnswerError:
        return ""
    began = since or datetime.fromtimestamp(psutil.Process().create_time(), UTC)
    refused = [
        each for each in found if each.refused and _of(each, stack) and datetime.fromisoformat(each.last) >= began
    ]
    refused.sort(key=lambda denial: denial.last, reverse=True)
    lines = [line(denial) for denial in refused[:TOLD]]
    more = [f"and {len(refused) - TOLD} more: make iam-denials"] if len(refused) > TOLD else []
    return "\n".join([*lines, *more])


def line(denial: Denial) -> str:
    """Describe a denial in one line."""
    return f"IAM refused {denial.action} on {denial.resource} to {denial.principal}"


def _of(denial: Denial, stack: Stack) -> bool:
    """Return whether a denial concerns a stack's function, whose sessions have its name, or a service that runs it."""
    try:
        function = str(stack.pipeline.resource("function", stack.outputs))
    except HarnessError:  # not applied yet
        return True
    return denial.principal.rpartition("/")[2] == function or (
        denial.principal.endswith(".amazonaws.com") and function in denial.resource
    )


def beside(cause: str, stack: Stack) -> str:
    """Extend the cause of a failure by what IAM refused to the stack since this command started."""
    return "\n".join(filter(None, [cause, summary(stack)]))


def show(stack: Stack) -> None:
    """Print the list."""
    mode, found = read(stack)
    if mode == "off":
        console.say("IAM_ENFORCEMENT=off: this stack was started without authorization, so nothing is listed")
        return
    if not found:
        console.say(f"IAM has refused nothing since LocalStack's start (IAM_ENFORCEMENT={mode})")
        return
    for denial in found:
        why = denial.explanation if denial.refused else f"{denial.explanation}; served anyway"
        times = "once" if denial.count == 1 else f"{denial.count:,} times"
        console.out.print(f"{denial.last[11:19]}  {denial.action} on {denial.resource}", markup=False)
        console.out.print(f"          by {denial.principal}, {times}", markup=False)
        console.out.print(f"          {why}", markup=False)
    console.say(f"not allowed by IAM: {len(found)} (IAM_ENFORCEMENT={mode}); times are UTC; see docs/iam.md")
