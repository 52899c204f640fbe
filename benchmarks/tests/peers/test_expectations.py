"""The list of expected failures, and what a run may differ in."""

from pathlib import Path

import pytest

from benchmarks.peers import expectations, localstack
from benchmarks.peers.expectations import Outcome
from harness.errors import HarnessError

EXPECTED = {"a::known": "no Java here", "a::gone": "no Java here"}


def test_checked_in_list_is_valid() -> None:
    reasons = expectations.read(localstack.EXPECTED)
    assert reasons
    assert all(test.startswith(tuple(localstack.FILES)) and "::" in test for test in reasons)


@pytest.mark.parametrize(
    "text",
    [
        "[[expected]]\nwhy = 'x'\n",
        "[[expected]]\ntests = ['a']\n",
        "[[expected]]\nwhy = ''\ntests = ['a']\n",
        "[[expected]]\nwhy = 'x'\ntests = ['a', 'a']\n",
        "expected = 3\n",
        "no TOML",
    ],
)
def test_unusable_list_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "list.toml"
    file.write_text(text)
    with pytest.raises(HarnessError, match=r"list\.toml"):
        expectations.read(file)


def test_run_as_expected_has_no_differences() -> None:
    results = {
        "a::fine": Outcome("passed"),
        "a::left": Outcome("skipped", "needs Java"),
        "a::known": Outcome("failed", "x"),
        "a::gone": Outcome("lenient", "x"),
    }
    assert expectations.differences(results, EXPECTED) == []
    assert expectations.totals(results) == (
        "1 of 3 pass strictly, 2 with their authors' exceptions; 2 fail strictly, 1 skipped"
    )


@pytest.mark.parametrize("kind", ["failed", "lenient"])
def test_unexpected_failure_is_a_difference(kind: str) -> None:
    [found] = expectations.differences({"a::new": Outcome(kind, "1 is not 2")}, {})
    assert found == "a::new failed\n1 is not 2"


@pytest.mark.parametrize("kind", ["passed", "skipped"])
def test_listed_test_that_does_not_fail_is_a_difference(kind: str) -> None:
    [found] = expectations.differences({"a::known": Outcome(kind)}, {"a::known": "why"})
    assert found.startswith(f"a::known {kind}: take it off")


def test_listed_test_that_was_not_run_is_a_difference() -> None:
    [found] = expectations.differences({}, {"a::known": "why"})
    assert found.startswith("a::known was not run")


def test_missing_sources_are_an_error_with_the_command_to_get_them(tmp_path: Path) -> None:
    with pytest.raises(HarnessError) as refused:
        localstack.sources_in(tmp_path)
    assert localstack.REVISION in refused.value.next_step
