"""What a plan would change, as a user is told it."""

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


def test_what_holds_data_is_named_with_what_would_be_lost(capsys: pytest.CaptureFixture[str]) -> None:
    plan = _plan(("aws_s3_bucket", ["delete"]), ("aws_kms_key", ["delete"]), ("aws_iam_role", ["delete"]))
    plan.show()
    told = capsys.readouterr().err
    assert [change.type for change in plan.changes if change.loses_data] == ["aws_s3_bucket", "aws_kms_key"]
    assert "aws_s3_bucket.this and everything in it would be lost" in told
    assert "everything encrypted with aws_kms_key.this, including the model, would become unreadable" in told
    assert "aws_iam_role.this and" not in told


@pytest.mark.parametrize("actions", [["update"], ["create"], ["no-op"]])
def test_a_key_that_stays_loses_nothing(actions: list[str]) -> None:
    assert not [change for change in _plan(("aws_kms_key", actions)).changes if change.loses_data]
