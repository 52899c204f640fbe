"""The checked-in list of tests that are expected to fail, and the comparison of a run with it."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.errors import HarnessError
from harness.paths import shown

PASSED, FAILED, LENIENT, SKIPPED = "passed", "failed", "lenient", "skipped"
_NOT_PASSED = (FAILED, LENIENT)


@dataclass(frozen=True)
class Outcome:
    """The result of a test.

    Attributes:
        kind: `passed`, `failed`, `skipped`, or `lenient`: it only passes with the exceptions that its authors make.
        text: the failure, or the reason of a skip.
    """

    kind: str
    text: str = ""


def read(path: Path) -> dict[str, str]:
    """Read a list: TOML tables `[[expected]]` with `why` and `tests`, a list of test ids.

    Returns:
        The reason for each test id.

    Raises:
        HarnessError: the list has another form, or names a test twice.
    """
    reasons: dict[str, str] = {}
    try:
        for entry in tomllib.loads(path.read_text()).get("expected", []):
            why, tests = entry["why"], entry["tests"]
            for test in tests:
                if not why or test in reasons:
                    raise HarnessError(f"{shown(path)}: {test} has two reasons or none", "correct the list")
                reasons[test] = why
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise HarnessError(f"{shown(path)}: {error}", "each [[expected]] has `why` and `tests`") from error
    return reasons


def differences(results: Mapping[str, Outcome], expected: Mapping[str, str]) -> list[str]:
    """Return one line for each test that fails unexpectedly, passes unexpectedly, or was not run."""
    found = []
    for test, outcome in sorted(results.items()):
        if outcome.kind in _NOT_PASSED and test not in expected:
            found.append(f"{test} failed\n{outcome.text}")
        elif outcome.kind not in _NOT_PASSED and test in expected:
            found.append(f"{test} {outcome.kind}: take it off the list of expected failures")
    return [*found, *(f"{test} was not run: is its name still right?" for test in sorted(set(expected) - set(results)))]


@dataclass(frozen=True)
class Counts:
    """How many tests ran, passed strictly, passed with their authors' exceptions too, and were skipped."""

    run: int
    strict: int
    lenient: int
    skipped: int


def counts(results: Mapping[str, Outcome]) -> Counts:
    """Count results by kind."""
    count = Counter(outcome.kind for outcome in results.values())
    return Counts(len(results) - count[SKIPPED], count[PASSED], count[PASSED] + count[LENIENT], count[SKIPPED])


def totals(results: Mapping[str, Outcome]) -> str:
    """Format the totals: `20 of 23 pass strictly, 21 with their authors' exceptions; 3 fail strictly, 2 skipped`."""
    count = counts(results)
    return (
        f"{count.strict} of {count.run} pass strictly, {count.lenient} with their"
        f" authors' exceptions; {count.run - count.strict} fail strictly, {count.skipped} skipped"
    )
