"""What the mapping gave up is read once, and only what the failed-events bucket does not get."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from harness.errors import NoAnswerError
from harness.stack import interface
from harness.stack.discards import Discard, NewDiscards

QUEUE, BUCKET = "arn:aws:sqs:eu-west-1:000000000000:dlq", "arn:aws:s3:::failed"
STACK: Any = SimpleNamespace(resources=SimpleNamespace(source_stream="in", function="f"))


def _found(number: int, destination: str | None = QUEUE, **changes: Any) -> dict[str, Any]:
    return {
        "number": number,
        "function": "arn:aws:lambda:eu-west-1:000000000000:function:f:live",
        "event_id": f"shardId-000000000000:{number}",
        "condition": "RetryAttemptsExhausted",
        "error": "Unhandled",
        "invocations": 3,
        "destination": destination,
    } | changes


@pytest.fixture
def journal(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the emulator answers; it lists what has a number above `after`."""
    kept: dict[str, Any] = {"began": 1.0, "discarded": []}

    def ask(_stack: Any, _method: str, path: str, **_: Any) -> Any:
        if not kept:
            raise NoAnswerError("no answer", "wait")
        after = int(path.rpartition("after=")[2])
        return kept | {"discarded": [each for each in kept["discarded"] if each["number"] > after]}

    monkeypatch.setattr(interface, "ask", ask)
    return kept


def _ids(discards: NewDiscards) -> list[str]:
    return [each.event_id[-1] for each in discards.read()]


def test_each_discard_is_read_once_with_its_reason_and_place(journal: dict[str, Any]) -> None:
    # GIVEN a discard of an earlier run
    journal["discarded"] = [_found(1)]
    discards = NewDiscards(STACK, None)
    journal["discarded"] += [_found(2), _found(3, None, error=None, condition="RecordAgeExceeded", invocations=0)]
    exhausted = Discard(
        "shardId-000000000000:2", "RetryAttemptsExhausted", "RetryAttemptsExhausted (Unhandled)", 3, QUEUE
    )
    aged = Discard("shardId-000000000000:3", "RecordAgeExceeded", "RecordAgeExceeded", 0, "")
    assert list(discards.read()) == [exhausted, aged]
    journal["discarded"].append(_found(4))
    assert _ids(discards) == ["4"]
    # WHEN LocalStack is restarted THEN its journal counts from 1 again
    journal |= {"began": 2.0, "discarded": [_found(1)]}
    assert _ids(discards) == ["1"]
    journal.clear()
    assert _ids(discards) == []


def test_those_of_another_function_or_in_the_bucket_are_not_read(journal: dict[str, Any]) -> None:
    other = "arn:aws:lambda:eu-west-1:000000000000:function:audit"
    discards = NewDiscards(STACK, "failed")
    journal["discarded"] = [_found(1, function=other), _found(2, BUCKET), _found(3, "arn:aws:s3:::other")]
    assert _ids(discards) == ["3"]
