"""Runs that end with the ledger's verdict: verify, chaos (one seed or many) and soak."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

from harness import chaos, console, events, ledger, reports
from harness.chaos import Outcome, series, soak
from harness.errors import HarnessError
from harness.ledger import Ledger, expected, page
from harness.ledger import report as ledger_report
from harness.reports import Case, Document
from harness.stack import attempts, denials, mapping
from harness.stack.state import Stack


def verify(stack: Stack, count: int, rate: float | None, name: str = "verify") -> None:
    """Put made-up events, print the ledger's verdict and write the report of this name.

    Raises:
        HarnessError: not every event was predicted correctly and in order, or the run ended early.
    """
    with _known_at_interrupt(), console.step(f"Verify {count} events") as step:
        records = events.made_up(stack, count, keys=events.few_keys(count))
        result = ledger.run(stack, records, expected.of(stack), step, rate)
    journal = partial(attempts.known, stack)
    reports.publish(page.of(name, f"{count:,} events of {stack.pipeline.name}", result, journal=journal))
    _conclude(stack, result, "not every event was predicted correctly and in order", where(stack, result))


def chaos_of_one(stack: Stack, seed: int | None, count: int, name: str = "chaos") -> None:
    """Put made-up events under a seeded schedule of faults, print the verdict and write the report of this name.

    Raises:
        HarnessError: events were lost, wrong or out of order (duplicates are allowed), or no fault occurred.
    """
    seed = secrets.randbelow(10_000) if seed is None else seed
    _say_whether_killed(stack)
    with _known_at_interrupt(), console.step(f"{count} events under the faults of SEED={seed}") as step:
        outcome = chaos.run(stack, seed, step, count)
    _print_faults(outcome.happened)
    reports.publish(_report(name, outcome, stack))
    _conclude(stack, outcome.ledger, "events were lost, wrong or out of order", replay(stack, outcome))
    if not outcome.happened.total():
        raise HarnessError("no fault occurred, so nothing is proved", "use more events: make chaos COUNT=2000")


def chaos_of_many(stack: Stack, seeds: range, count: int) -> None:
    """Run the schedules of many seeds one after the other, and stop at the first failure.

    Raises:
        HarnessError: as for `chaos_of_one`.
    """
    _say_whether_killed(stack)
    console.say(series.HEADER)
    done = series.Series(count)
    try:
        for seed in seeds:
            with _known_at_interrupt(), console.step(f"SEED={seed}") as step:
                outcome = chaos.run(stack, seed, step, count)
                step.result = done.add(outcome)
            if not outcome.ledger.passed:
                _conclude(stack, outcome.ledger, f"SEED={seed} did not pass", replay(stack, outcome))
    finally:
        path = series.path_for(stack.name)
        done.write(path)
        done.show(path)
        reports.publish(done.report())
    if not done.happened.total():
        raise HarnessError("no fault occurred, so nothing is proved", "use more events: COUNT=1000")


def soak_test(stack: Stack, seed: int | None, count: int, rate: float | None) -> None:
    """Put many events at the highest steady rate under faults; print the verdict, and memory over time.

    Raises:
        HarnessError: as for `chaos_of_one`.
    """
    seed = secrets.randbelow(10_000) if seed is None else seed
    _say_whether_killed(stack)
    with _known_at_interrupt():
        found = soak.run(stack, seed, count, rate)
    path = soak.path_for(stack.name)
    soak.write(found, path)
    _print_faults(found.outcome.happened)
    soak.show(found, path)
    document = _report("soak", found.outcome, stack)
    reports.publish(replace(document, sections=[*soak.sections(found), *document.sections]))
    again = (
        f"run it again: make soak SEED={seed} COUNT={count} RATE={found.rate:.0f}; {where(stack, found.outcome.ledger)}"
    )
    _conclude(stack, found.outcome.ledger, "events were lost, wrong or out of order", again)


@contextmanager
def _known_at_interrupt() -> Iterator[None]:
    """Print what is known of a run if Ctrl-C ends it."""
    try:
        yield
    except ledger.Interrupted as interrupt:
        ledger_report.show_interrupted(interrupt.ledger, interrupt.total)
        raise


def _report(name: str, outcome: Outcome, stack: Stack) -> Document:
    title = f"{len(outcome.ledger.entries):,} events of {stack.pipeline.name} under the faults of SEED={outcome.seed}"
    struck = Case("faults took effect", "" if outcome.happened.total() else "no fault did, so nothing is proved")
    return page.of(name, title, outcome.ledger, outcome.faults, [struck], partial(attempts.known, stack))


def where(stack: Stack, result: Ledger) -> str:
    """Return the next step that names where failed events are, and the function's log."""
    places = ["make failed-events"] if stack.resources.failed_events else []
    see = f"see {' and '.join([*places, 'make local-logs'])}"
    found = sorted(result.destinations)
    if any(arn.startswith("arn:aws:s3:") for arn in found):
        return f"{see}; failed events are in {', '.join(found)}: set outputs.failed_events to read them"
    if found:
        return f"{see}; the failure records of discarded events are in {', '.join(found)}, without payloads"
    if any(entry.gone for entry in result.entries.values()):
        return f"{see}; to keep what the mapping discards, add destination_config.on_failure to it"
    return see


def replay(stack: Stack, outcome: Outcome) -> str:
    """Return the next step that runs a schedule again."""
    count = len(outcome.ledger.entries) + outcome.ledger.not_put
    return f"run it again: make chaos SEED={outcome.seed} COUNT={count}; {where(stack, outcome.ledger)}"


def _say_whether_killed(stack: Stack) -> None:
    if not stack.persistent:
        console.say(
            "LocalStack itself is not killed, because its streams would be lost; to include that: "
            "make local-down && make local-up PERSISTENCE=1"
        )


def _print_faults(happened: Counter[str]) -> None:
    console.out.print(f"  faults                 {series.by_kind(happened)}")


def _conclude(stack: Stack, result: Ledger, failure: str, next_step: str) -> None:
    path = ledger_report.path_for(stack.name)
    ledger_report.write(result, path)
    ledger_report.show(result, path)
    if result.broken:
        cause = f"the run ended early: {result.broken.cause}"
        raise HarnessError(denials.beside(cause, stack), result.broken.next_step)
    if not result.passed:
        raise HarnessError(denials.beside(_with_obstacles(failure, stack, result), stack), next_step)


def _with_obstacles(failure: str, stack: Stack, result: Ledger) -> str:
    """Return a failure with what of the mapping keeps events from the function, if events were lost."""
    if all(entry.answered or entry.gone for entry in result.entries.values()):
        return failure
    return f"{failure}. {mapping.obstacles(stack)}".removesuffix(". ")
