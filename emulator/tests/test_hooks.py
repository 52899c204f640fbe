"""Hooks, and that what is observed knows none of its observers."""

import subprocess
import sys

import pytest

from pipeline_emulator.hooks import Event, Question


def test_every_subscriber_of_an_event_is_told_in_order() -> None:
    told: list[tuple[str, int]] = []
    event: Event[int] = Event()
    event(1)
    event.subscribe(lambda number: told.append(("first", number)))
    event.subscribe(lambda number: told.append(("second", number)))
    event(2)
    assert told == [("first", 2), ("second", 2)]


def test_the_first_decision_is_the_answer_to_a_question() -> None:
    question: Question[[int], str] = Question()
    assert question(1) is None
    question.subscribe(lambda number: "odd" if number % 2 else None)
    question.subscribe(lambda number: "any")
    assert (question(1), question(2)) == ("odd", "any")


@pytest.mark.parametrize("package", ["kinesis", "lambda_runtime", "event_source"])
def test_faults_and_metrics_are_not_imported_by_what_they_observe(package: str) -> None:
    """Nor by anything that it imports: whatever a module imports when it is called counts for nothing here."""
    program = f"""
import importlib, pkgutil, sys
import pipeline_emulator.{package} as package
for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
    importlib.import_module(module.name)
print(*(name for name in sys.modules if name.startswith(("pipeline_emulator.faults", "pipeline_emulator.metrics"))))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
