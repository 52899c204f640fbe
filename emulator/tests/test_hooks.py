"""Hooks; packages that declare them do not import their observers."""

import subprocess
import sys

import pytest

from pipeline_emulator.hooks import Event, Question


def test_event_calls_every_subscriber_in_order() -> None:
    calls: list[tuple[str, int]] = []
    event: Event[int] = Event()
    event(1)
    event.subscribe(lambda number: calls.append(("first", number)))
    event.subscribe(lambda number: calls.append(("second", number)))
    event(2)
    assert calls == [("first", 2), ("second", 2)]


def test_first_decision_answers_a_question() -> None:
    question: Question[[int], str] = Question()
    assert question(1) is None
    question.subscribe(lambda number: "odd" if number % 2 else None)
    question.subscribe(lambda number: "any")
    assert (question(1), question(2)) == ("odd", "any")


@pytest.mark.long_proof
@pytest.mark.parametrize("package", ["kinesis", "lambda_runtime", "event_source"])
def test_observed_packages_import_neither_faults_nor_metrics(package: str) -> None:
    """Not even indirectly. Imports inside functions do not count."""
    program = f"""
import importlib, pkgutil, sys
import pipeline_emulator.{package} as package
for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
    importlib.import_module(module.name)
print(*(name for name in sys.modules if name.startswith(("pipeline_emulator.faults", "pipeline_emulator.metrics"))))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
