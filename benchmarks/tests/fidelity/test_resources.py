"""The life of resources: what counts as a difference, and the table in the docs."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.fidelity import report
from benchmarks.fidelity.resources import configuration, page
from benchmarks.fidelity.resources.catalogue import SUBJECTS
from benchmarks.fidelity.resources.subject import Subject

QUEUE = Subject(
    "aws_sqs_queue", {"name": "a", "delay_seconds": 1, "tags": {"a": "b"}}, [{"delay_seconds": 2}, {"tags": None}]
)
BEFORE: dict[str, Any] = {"name": "a", "delay_seconds": 1, "tags": {"a": "b"}, "tags_all": {"a": "b"}}


def plan(actions: list[str], **after: Any) -> dict[str, Any]:
    """A plan that changes the queue."""
    change = {"actions": actions, "before": BEFORE, "after": BEFORE | after}
    return {"resource_changes": [{"address": QUEUE.address, "change": change}]}


def test_arguments_change_round_by_round() -> None:
    assert QUEUE.after(0) == QUEUE.arguments
    assert QUEUE.after(1) == {"name": "a", "delay_seconds": 2, "tags": {"a": "b"}}
    assert QUEUE.after(9) == {"name": "a", "delay_seconds": 2}


@pytest.mark.parametrize(
    ("number", "made", "finding"),
    [
        (1, plan(["update"], delay_seconds=2), None),
        (1, plan(["update"], delay_seconds=2, tags={}), "tags was not kept"),
        (1, plan(["delete", "create"], delay_seconds=2), "delete/create for delay_seconds"),
        (1, plan(["no-op"]), "no-op for delay_seconds"),
        (2, plan(["update"], tags=None, tags_all={}), None),
        (3, plan(["no-op"]), None),
        (3, plan(["update"], delay_seconds=2), "update because of delay_seconds"),
        (3, plan(["create"]), "create because of something unknown"),
    ],
)
def test_a_plan_may_change_only_what_its_round_does(number: int, made: dict[str, Any], finding: str | None) -> None:
    found = [text for _, text in configuration.unexpected(made, [QUEUE], number)]
    assert found == ([finding] if finding else [])


def test_every_type_of_the_modules_lives() -> None:
    columns = report.read(report.PATH.read_text(encoding="utf-8")).values()
    in_modules = {attribute.resource for column in columns for attribute in column.rows}
    assert in_modules <= {one.resource for one in SUBJECTS}


def test_the_docs_have_the_types_and_arguments_of_the_catalogue() -> None:
    """A run checks the last column."""
    wanted, documented = (
        [line.rsplit("|", 2)[0] for line in text.splitlines()] for text in (page.text(SUBJECTS, {}), page.documented())
    )
    assert documented == wanted, "run `make fidelity RESOURCES=1 WRITE=1`"
