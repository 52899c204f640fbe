"""What a plan would change, as shown to the user."""

from __future__ import annotations

from typing import Any

import pytest

from harness.stages.plan import Plan


def _plan(*entries: tuple[str, list[str]]) -> Plan:
    changes: list[dict[str, Any]] = [
        {
            "address": f"{kind}.this",
            "type": kind,
            "mode": "managed",
            "change": {"actions": actions, "before": {"name": "x"}, "after": None},
        }
        for kind, actions in entries
    ]
    return Plan.of({"resource_changes": changes})


def test_data_that_would_be_lost_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    plan = _plan(("aws_s3_bucket", ["delete"]), ("aws_kms_key", ["delete"]), ("aws_iam_role", ["delete"]))
    plan.show()
    shown = capsys.readouterr().err
    assert [change.type for change in plan.changes if change.loses_data] == ["aws_s3_bucket", "aws_kms_key"]
    assert "aws_s3_bucket.this and everything in it would be lost" in shown
    assert "everything encrypted with aws_kms_key.this, including the model, would become unreadable" in shown
    assert "aws_iam_role.this and" not in shown


@pytest.mark.parametrize("actions", [["update"], ["create"], ["no-op"]])
def test_a_key_that_stays_loses_nothing(actions: list[str]) -> None:
    assert not [change for change in _plan(("aws_kms_key", actions)).changes if change.loses_data]
