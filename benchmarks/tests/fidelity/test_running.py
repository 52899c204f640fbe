"""How results of conformance cases and broken probes are evaluated."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from benchmarks.fidelity import running
from benchmarks.fidelity.attributes import Attribute
from benchmarks.fidelity.bench import Bench
from benchmarks.fidelity.bindings import CASES, PROBES, Probe
from benchmarks.fidelity.verdicts import Seen
from harness.console import Step
from harness.errors import HarnessError
from harness.stack.state import Stack

BATCH = "test_batches.py::test_batch_size"
SIZE = Attribute("aws_thing", "size")


def entry(test: str, outcome: str | None = "passed", reason: str = "") -> dict[str, Any]:
    outcome_and_reason = {"outcome": outcome, "reason": reason} if outcome else {}
    return {"node": f"benchmarks/conformance/suite/{test}", "behaviour": "It is so", **outcome_and_reason}


def seen(folder: Path, *entries: dict[str, Any]) -> list[Seen]:
    (folder / "cases.json").write_text(json.dumps(entries))
    return [found for _attribute, found in running._cases(subprocess.Popen(["true"]), [BATCH], folder)]


def test_a_passed_case_is_an_effect_and_a_failed_one_is_not(tmp_path: Path) -> None:
    assert len(CASES[BATCH]) == 1
    assert seen(tmp_path, entry("test_other.py::test_it", "failed"), entry(BATCH)) == [Seen(True, "It is so")]
    assert seen(tmp_path, entry(BATCH, "failed", "ten at once")) == [Seen(False, "not so: It is so (ten at once)")]


def test_a_case_that_did_not_run_says_nothing(tmp_path: Path) -> None:
    for entries in ([], [entry(BATCH, None)]):
        with pytest.raises(HarnessError, match="was not run"):
            seen(tmp_path, *entries)


def test_a_suite_without_results_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match="ended without results"):
        running._cases(subprocess.Popen(["true"]), [BATCH], tmp_path)


def test_only_probes_of_wanted_attributes_run_and_a_broken_one_ends_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def works(_bench: Bench) -> Seen:
        return Seen(True, "it acts")

    def breaks(_bench: Bench) -> Seen:
        raise KeyError("answer")

    bench, other = Bench(Stack("none", "none", 1)), Attribute("aws_thing", "other")
    monkeypatch.setattr(running, "PROBES", [Probe(works, (SIZE,)), Probe(breaks, (other,))])
    assert running.run(bench, [SIZE], tmp_path, Step("probe")) == {SIZE: [Seen(True, "it acts")]}
    with pytest.raises(HarnessError, match="breaks broke off: KeyError"):
        running.run(bench, [SIZE, other], tmp_path, Step("probe"))


def test_probe_names_are_unique() -> None:
    assert len({probe.name for probe in PROBES}) == len(PROBES)
