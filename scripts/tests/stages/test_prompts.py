"""Questions before something is changed."""

from __future__ import annotations

import io
import sys

import pytest

from harness.errors import HarnessError
from harness.stages import prompts


@pytest.fixture(autouse=True)
def _nobody_has_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("YES", raising=False)


def _typed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))


@pytest.mark.parametrize("answer", ["y\n", "Yes\n"])
def test_yes_continues(monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    _typed(monkeypatch, answer)
    prompts.confirm("Do it?")


@pytest.mark.parametrize("answer", ["n\n", "\n", "", "yep\n"])
def test_any_other_answer_or_none_stops(monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    _typed(monkeypatch, answer)
    with pytest.raises(HarnessError, match="nothing was changed"):
        prompts.confirm("Do it?")


@pytest.mark.parametrize(("value", "continues"), [("1", True), ("0", False), ("", False)])
def test_the_variable_yes_counts_only_if_it_is_1(monkeypatch: pytest.MonkeyPatch, value: str, continues: bool) -> None:
    monkeypatch.setenv("YES", value)
    _typed(monkeypatch, "")
    if continues:
        prompts.confirm("Do it?")
    else:
        with pytest.raises(HarnessError):
            prompts.confirm("Do it?")


@pytest.mark.parametrize("answer", ["", "y\n", "pro\n"])
def test_a_name_must_be_typed_regardless_of_yes(monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    monkeypatch.setenv("YES", "1")
    _typed(monkeypatch, answer)
    with pytest.raises(HarnessError, match="prod was not typed"):
        prompts.confirm_by_name("Delete it?", "prod")
    _typed(monkeypatch, "prod\n")
    prompts.confirm_by_name("Delete it?", "prod")
