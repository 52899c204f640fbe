"""The log of one invocation, in a stream with those of others."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from harness.stack import invocations

ATTEMPT = {"request_id": "second", "started": 1.0, "ended": 2.0}


@pytest.mark.parametrize(
    "report",
    ["REPORT RequestId: first\tDuration: 1 ms", '{"type": "platform.report", "record": {"requestId": "first"}}'],
)
def test_what_an_environment_writes_when_it_starts_belongs_to_its_invocation(report: str) -> None:
    # GIVEN two environments that fail at their start, before the line that names an invocation
    error = "[ERROR] Runtime.ImportModuleError"
    texts = [
        error,
        "START RequestId: first",
        report,
        error,
        "START RequestId: second",
        "REPORT RequestId: second",
        error,
    ]
    lines = [{"timestamp": 1, "message": text} for text in texts]
    found = {"events": [{"logStreamName": "s"}]}
    client: Any = SimpleNamespace(filter_log_events=lambda **_: found, get_log_events=lambda **_: {"events": lines})
    # THEN the error before the second is the second's
    assert [line["text"] for line in invocations.log(client, "/aws/lambda/f", ATTEMPT)] == texts[3:6]
