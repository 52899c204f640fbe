"""The project's own checkov checks, run by the real checkov: each failing example fails exactly its check."""

from __future__ import annotations

import re
from typing import Any

import pytest

from harness.setup import policies

EXAMPLES = policies.FOLDER / "examples"
OWN = re.compile(r"PIPELINE_[A-Z_]*[A-Z]")


@pytest.fixture(scope="module")
def results() -> list[dict[str, Any]]:
    policies.install()
    return policies.scan([EXAMPLES])


def own(results: list[dict[str, Any]], example: str, result: str) -> set[tuple[str, str]]:
    """Return resource name and check id of each own check with that result."""
    return {
        (one["resource"].split(".")[-1], one["check_id"])
        for one in results
        if f"/{example}/" in one["file_abs_path"]
        and one["check_id"].startswith("PIPELINE_")
        and one["check_result"]["result"] == result
    }


def blocks(example: str) -> list[str]:
    text = (EXAMPLES / example / "main.tf").read_text()
    return re.findall(r'^(?:resource|data) "\w+" "(\w+)"', text, re.MULTILINE)


@pytest.mark.long_proof
def test_each_failing_example_fails_its_own_check_and_no_other(results: list[dict[str, Any]]) -> None:
    expected = {(name, OWN.match(name)[0]) for name in blocks("failing")}  # type: ignore[index]
    assert own(results, "failing", "FAILED") == expected


def test_each_check_has_an_example() -> None:
    source = "".join(file.read_text() for file in (policies.FOLDER / "checks").glob("*.py"))
    assert {OWN.match(name)[0] for name in blocks("failing")} == set(re.findall(r'"(PIPELINE_\w+)"', source))  # type: ignore[index]


def test_passing_examples_fail_nothing_and_skips_have_reasons(results: list[dict[str, Any]]) -> None:
    assert own(results, "passing", "FAILED") == set()
    skipped = {("latest", "PIPELINE_LATEST_WITH_REASON"), ("knows_no_resource", "PIPELINE_RESOURCES_NAMED")}
    assert own(results, "passing", "SKIPPED") == skipped
    assert not [line for line in policies.complaints(results) if "/passing/" in line]


def test_a_complaint_names_file_line_and_check(results: list[dict[str, Any]]) -> None:
    text = (EXAMPLES / "failing" / "main.tf").read_text()
    line = text[: text.index("PIPELINE_LATEST_WITH_REASON_none")].count("\n") + 1
    start = f"infrastructure/policies/examples/failing/main.tf:{line}: PIPELINE_LATEST_WITH_REASON "
    assert len([one for one in policies.complaints(results) if one.startswith(start)]) == 1


def test_a_skip_without_a_reason_is_a_complaint(results: list[dict[str, Any]]) -> None:
    skipped = next(one for one in results if one["check_result"]["result"] == "SKIPPED")
    bare = skipped | {"check_result": {"result": "SKIPPED", "suppress_comment": policies.NO_REASON}}
    assert policies.complaints([skipped]) == []
    assert len(policies.complaints([bare])) == 1
