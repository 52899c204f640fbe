"""Tests of the progress of a step."""

import pytest
from rich.text import Text

from harness import console
from harness.console import Step


def test_the_progress_of_a_step_is_one_line() -> None:
    step = Step("Train the model")
    step.note("read data             6.5 s  93,832 rows\n")
    step.aside = "Docker images 2 of 3"
    assert Text.from_markup(step.line()).plain.startswith(
        "Train the model: read data 6.5 s 93,832 rows; Docker images 2 of 3 (0 s)"
    )


def test_what_a_program_says_is_no_markup() -> None:
    step = Step("Apply [all]")
    step.note("module.x[0]")
    assert Text.from_markup(step.line()).plain == "Apply [all]: module.x[0] (0 s)"


def _interrupted() -> None:
    with console.step("Send 500 events") as step:
        step.note("120 of 500")
        raise KeyboardInterrupt


def test_a_step_that_is_interrupted_says_how_far_it_came(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(KeyboardInterrupt):
        _interrupted()
    assert "✗ Send 500 events: 120 of 500 (0.0 s)" in capsys.readouterr().err
