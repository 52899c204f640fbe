"""What runs found out, kept as JSON in the documents: the table of docs/fidelity.md is made of it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.fidelity.verdicts import Evidence, Seen
from harness import paths

PATH = paths.ROOT / "docs" / "fidelity.json"


@dataclass(frozen=True)
class Result:
    """A run in one runtime.

    Attributes:
        runtime: `embedded` or `docker`.
        date: ISO 8601.
        evidence: of each attribute, in the table's order.
    """

    runtime: str
    date: str
    evidence: list[Evidence]


def load(path: Path = PATH) -> dict[str, Result]:
    """The kept results by runtime; empty where there are none."""
    if not path.exists():
        return {}
    return {known["runtime"]: _result(known) for known in json.loads(path.read_text(encoding="utf-8"))}


def save(result: Result, path: Path = PATH) -> dict[str, Result]:
    """Keeps a result beside that of the other runtime; all of them by runtime."""
    known = load(path) | {result.runtime: result}
    kept = [asdict(known[runtime]) for runtime in sorted(known, reverse=True)]
    path.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    return known


def _result(known: dict[str, Any]) -> Result:
    evidence = [Evidence(**one | {"seen": [Seen(**seen) for seen in one["seen"]]}) for one in known["evidence"]]
    return Result(known["runtime"], known["date"], evidence)
