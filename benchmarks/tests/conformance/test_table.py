"""How the published table shows the suite's results."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.conformance import comparison, results, table
from benchmarks.conformance.results import Case, Result
from harness.errors import HarnessError

DOCUMENT = "https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html"


def entry(behaviour: str, outcome: str = "passed", reason: str = "", marker: str = "aws_valid") -> dict[str, Any]:
    return {"behaviour": behaviour, "document": DOCUMENT, "marker": marker, "outcome": outcome, "reason": reason}


def read(tmp_path: Path, *tests: dict[str, Any]) -> list[Case]:
    path = tmp_path / "tests.json"
    path.write_text(json.dumps(tests))
    return results.cases(path)


def result(name: str, *cases: Case, unmeasured: str = "") -> Result:
    return Result(name, name.title(), "", "2026-11-24", unmeasured, list(cases))


def cells(text: str, behaviour: str) -> list[str]:
    [line] = [line for line in text.splitlines() if line.startswith((f"| [{behaviour}]", f"| {behaviour} |"))]
    return [cell.strip() for cell in line.strip("|").split(" | ")]


def test_a_behaviour_with_several_tests_passes_only_when_all_do(tmp_path: Path) -> None:
    cases = read(tmp_path, entry("a"), entry("a", "failed", "first"), entry("a", "failed", "second"), entry("b"))
    assert [(case.behaviour, case.outcome, case.reason) for case in cases] == [
        ("a", "failed", "first"),
        ("b", "passed", ""),
    ]


def test_a_test_that_never_ran_counts_as_failed(tmp_path: Path) -> None:
    never = entry("a")
    del never["outcome"], never["reason"]
    [case] = read(tmp_path, never)
    assert (case.outcome, case.reason) == ("failed", "not run")


@pytest.mark.parametrize(
    "reason",
    [
        "botocore.exceptions.ClientError: An error occurred (InternalFailure) when calling the MergeShards operation: "
        "API action 'MergeShards' for service 'kinesis' not yet implemented or pro feature",
        "An error occurred (UnknownOperationException) when calling the SplitShard operation",
    ],
)
def test_an_operation_that_a_tool_does_not_know_is_unsupported(tmp_path: Path, reason: str) -> None:
    [case] = read(tmp_path, entry("a", "failed", reason))
    assert case.outcome == "unsupported"


def test_reasons_are_short_and_name_no_random_resource() -> None:
    text = results.shortened("botocore.errorfactory.ServiceException: no conformance-0a1b2c3d-4e5f " + "x" * 200)
    assert text.startswith("no … xxx")
    assert len(text) == results.REASON_LENGTH


def test_each_cell_shows_its_tools_outcome() -> None:
    passed = Case("a|b", DOCUMENT, on_aws=True, outcome="passed")
    failed = Case("a|b", DOCUMENT, on_aws=True, outcome="failed", reason="lost <1>")
    unsupported = Case("a|b", DOCUMENT, on_aws=True, outcome="unsupported", reason="no such call")
    text = table.text(
        [
            result("ours", passed),
            result("two", failed),
            result("three", unsupported),
            result("four", unmeasured="gone"),
        ],
        30,
    )
    assert cells(text, r"a\|b") == [
        rf"[a\|b]({DOCUMENT})", "yes", "✓", "**✗** lost &lt;1>", "not supported: no such call", "not measured",
    ]  # fmt: skip
    assert cells(text, "**passed**")[2:] == ["1 of 1", "0 of 1", "0 of 1", "not measured"]
    assert "- **Four**: not measured: gone." in text


def test_a_tool_with_more_behaviours_adds_rows() -> None:
    one, two = (Case(name, DOCUMENT, on_aws=False, outcome="passed") for name in ("one", "two"))
    text = table.text([result("ours", one), result("old", one, two)], 30)
    assert cells(text, "two")[1:] == ["no", "not measured", "✓"]


def test_results_are_kept_for_the_next_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    kept = result("ours", Case("a", DOCUMENT, on_aws=True, outcome="failed", reason="why"))
    kept.save()
    assert results.load("ours") == kept
    assert results.load("core") is None


def test_unknown_targets_are_refused() -> None:
    assert comparison.chosen(" core, ours,core") == ["core", "ours"]
    assert comparison.chosen("") == ["ours", "core", "ministack", "localemu"]
    with pytest.raises(HarnessError, match="'moto' is unknown"):
        comparison.chosen("ours,moto")
