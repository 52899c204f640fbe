"""An apply that IAM refuses ends with what to allow to whom."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from harness.errors import HarnessError
from harness.stack import denials
from harness.stack.denials import Denial
from harness.stack.state import Stack
from harness.terraform import refusals
from harness.terraform.refusals import Refusals

STREAM = "arn:aws:kinesis:eu-west-1:000000000000:stream/orders"
DENIAL = Denial("arn:aws:sts::000000000000:assumed-role/fn/x", "kinesis:DescribeStream", STREAM, True, 9, "", "")


def test_a_refusal_that_stays_names_the_role_and_the_action(monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN a role without a permission that a mapping needs; the provider tries again for minutes
    monkeypatch.setattr(refusals, "GIVE_UP_SECONDS", 1.0)
    monkeypatch.setattr(refusals, "EVERY_SECONDS", 0.0)
    clock = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(denials, "read", lambda _: ("on", [replace(DENIAL, last=datetime.now(UTC).isoformat())]))
    found = Refusals(Stack("x", "x", 1))
    found.final()
    # WHEN it lasts THEN the apply ends
    clock[0] += 2.0
    with pytest.raises(HarnessError, match="cannot succeed: IAM refused kinesis:DescribeStream on") as ended:
        found.final()
    assert ended.value.next_step.startswith(f"allow kinesis:DescribeStream on {STREAM} in a policy of the role fn, ")
    assert "make iam-denials" in ended.value.next_step


@pytest.mark.parametrize(
    ("principal", "whom"),
    [
        ("arn:aws:iam::000000000000:role/service/fn", "the role fn"),
        ("arn:aws:iam::000000000000:user/ann", "arn:aws:iam::000000000000:user/ann"),
        ("lambda.amazonaws.com", "lambda.amazonaws.com"),
    ],
)
def test_whom_to_allow_it(principal: str, whom: str) -> None:
    assert f"in a policy of {whom}, then" in refusals.remedy(replace(DENIAL, principal=principal))
