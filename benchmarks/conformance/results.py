"""The suite's results for one tool, stored below `.cache`."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from harness import paths
from harness.machine.files import write_whole

FOLDER = paths.CACHE / "conformance"
REASON_LENGTH = 110
# Tools' messages for an unknown operation or setting.
UNSUPPORTED = re.compile(r"NotImplemented|not (yet )?(implemented|supported)|UnknownOperation|InvalidAction|survives")


@dataclass(frozen=True)
class Case:
    """One behaviour of one tool.

    Attributes:
        behaviour: one line.
        document: URL of AWS's document.
        on_aws: whether the test can run on AWS.
        outcome: `passed`, `failed` or `unsupported`.
        reason: one line on why it did not pass.
    """

    behaviour: str
    document: str
    on_aws: bool
    outcome: str
    reason: str = ""


@dataclass(frozen=True)
class Result:
    """All behaviours of one tool.

    Attributes:
        name: the tool's.
        title: includes the version.
        remark: what a reader must know about the tool.
        date: of the measurement, ISO 8601.
        unmeasured: why there are no cases; empty if there are.
        cases: in the suite's order.
    """

    name: str
    title: str
    remark: str
    date: str
    unmeasured: str = ""
    cases: list[Case] = field(default_factory=list)

    def count(self, outcome: str) -> int:
        """The number of behaviours with this outcome."""
        return sum(case.outcome == outcome for case in self.cases)

    def save(self) -> None:
        """Writes the result below `.cache`."""
        write_whole(FOLDER / f"{self.name}.json", json.dumps(asdict(self), indent=2))


def load(name: str) -> Result | None:
    """The last result of a tool, or None."""
    path = FOLDER / f"{name}.json"
    if not path.exists():
        return None
    known = json.loads(path.read_text())
    return Result(**known | {"cases": [Case(**case) for case in known["cases"]]})


def cases(path: Path) -> list[Case]:
    """Reads the file written by the suite's conftest. A behaviour passes only if all its tests pass."""
    found: dict[str, Case] = {}
    for test in json.loads(path.read_text()):
        case = _case(test)
        known = found.get(case.behaviour)
        if known is None or known.outcome == "passed":
            found[case.behaviour] = case
    return list(found.values())


def _case(test: dict[str, Any]) -> Case:
    outcome, reason = test.get("outcome", "failed"), test.get("reason", "" if "outcome" in test else "not run")
    if outcome == "skipped" or (outcome == "failed" and UNSUPPORTED.search(reason)):
        outcome = "unsupported"
    return Case(test["behaviour"], test["document"], test["marker"] == "aws_valid", outcome, shortened(reason))


def shortened(reason: str) -> str:
    """A reason without the exception's class and random resource names, shortened to fit a table cell."""
    text = re.sub(r"^(\w+\.)*\w+(Error|Exception|Failed|Skipped): ", "", reason).removeprefix("Skipped: ")
    text = re.sub(r"conformance-[0-9a-f-]+", "…", text)
    return text if len(text) <= REASON_LENGTH else text[: REASON_LENGTH - 1].rstrip() + "…"
