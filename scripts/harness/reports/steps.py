"""The report of a command that is a sequence of steps: what ran, how long it took, and what ended it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from harness import console
from harness.errors import HarnessError
from harness.reports import files
from harness.reports.document import Case, Document, Grid


@contextmanager
def of_steps(name: str, title: str, done: str) -> Iterator[None]:
    """Write a report about the steps shown in a block, whether it succeeds or fails.

    Args:
        name: of the report.
        title: what runs.
        done: the verdict if all succeeds.
    """
    cases: list[Case] = []
    results: list[str] = []

    def take(step: console.Step, failed: bool) -> None:
        cases.append(Case(step.title, "it failed" if failed else "", round(step.seconds, 1)))
        results.append(step.result)

    verdict = done
    try:
        with console.followed(take):
            yield
    except BaseException as error:
        verdict = error.cause if isinstance(error, HarnessError) else _text(error)
        _explain(cases, results, verdict)
        raise
    finally:
        rows = [(case.name, case.seconds, result) for case, result in zip(cases, results, strict=True)]
        times = Grid("Time", ("step", "seconds", "result"), rows, bars=1)
        files.publish(Document(name, title, verdict, cases or [Case(title)], [times]))


def _text(error: BaseException) -> str:
    return "it was interrupted" if isinstance(error, KeyboardInterrupt) else f"{type(error).__name__}: {error}"


def _explain(cases: list[Case], results: list[str], cause: str) -> None:
    """Give the failed step its cause; what failed between two steps is a case of its own."""
    if cases and cases[-1].failure:
        cases[-1] = Case(cases[-1].name, cause, cases[-1].seconds)
    else:
        cases.append(Case("the command ran to its end", cause))
        results.append("")
