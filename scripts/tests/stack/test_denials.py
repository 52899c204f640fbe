"""How denials are reported. The emulator's own tests cover the list."""

import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from harness.errors import HarnessError
from harness.stack import denials
from harness.stack.state import Stack

MINUTE = timedelta(minutes=1)
DENIAL = {
    "principal": "arn:aws:sts::000000000000:assumed-role/r/s",
    "action": "kinesis:PutRecords",
    "resource": "arn:aws:kinesis:ap-south-1:000000000000:stream/s",
    "refused": True,
    "count": 3,
    "first": "2026-11-24T10:00:00+00:00",
    "last": "2026-11-24T10:00:09+00:00",
    "message": "User: …",
    "explanation": "implicit deny: identity-based policy",
}


@pytest.fixture
def stack_with() -> Iterator[Callable[..., Stack]]:
    """A function that makes a stack whose emulator answers with a list of denials, or with a status."""
    servers: list[HTTPServer] = []

    def make(*found: dict[str, Any], mode: str = "on", status: int = 200) -> Stack:
        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(status)
                self.end_headers()
                self.wfile.write(json.dumps({"enforcement": mode, "denials": found}).encode())

            def log_message(self, *_: object) -> None:
                pass

        servers.append(HTTPServer(("127.0.0.1", 0), Answer))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return Stack("told", "told", servers[-1].server_port)

    yield make
    for server in servers:
        server.shutdown()
        server.server_close()


def test_each_denial_is_shown_with_principal_and_reason(stack_with: Any, capsys: pytest.CaptureFixture[str]) -> None:
    denials.show(stack_with(DENIAL))
    shown = capsys.readouterr()
    text = shown.out + shown.err
    assert "10:00:09  kinesis:PutRecords on arn:aws:kinesis:ap-south-1:000000000000:stream/s" in text
    assert "by arn:aws:sts::000000000000:assumed-role/r/s, 3 times" in text
    assert "implicit deny: identity-based policy" in text
    assert "not allowed by IAM: 1 (IAM_ENFORCEMENT=on)" in text


@pytest.mark.parametrize(
    ("mode", "words"),
    [("on", "has refused nothing"), ("soft", "IAM_ENFORCEMENT=soft"), ("off", "without authorization")],
)
def test_an_empty_list_says_why(stack_with: Any, capsys: pytest.CaptureFixture[str], mode: str, words: str) -> None:
    denials.show(stack_with(mode=mode))
    shown = capsys.readouterr()
    assert words in shown.out + shown.err


def test_a_failure_lists_the_three_newest_refusals(stack_with: Any) -> None:
    several = [{**DENIAL, "action": f"a:{hour}", "last": f"2026-11-24T1{hour}:00:00+00:00"} for hour in range(5)]
    served = {**DENIAL, "action": "a:served", "refused": False, "last": "2026-11-24T23:00:00+00:00"}
    lines = denials.summary(stack_with(*several, served), datetime(2026, 11, 24, tzinfo=UTC)).splitlines()
    assert [line.split()[2] for line in lines[:3]] == ["a:4", "a:3", "a:2"]
    assert lines[3:] == ["and 2 more: make iam-denials"]


def test_a_failure_lists_no_denial_from_before_the_command_or_of_another_function(stack_with: Any) -> None:
    # GIVEN a denial 20 minutes ago, and new ones of another function, this one and the service that runs it
    now = datetime.now(UTC)
    session = "arn:aws:sts::000000000000:assumed-role/role/{}"
    stack = stack_with(
        {**DENIAL, "action": "a:before", "principal": session.format("f"), "last": (now - 20 * MINUTE).isoformat()},
        {**DENIAL, "action": "a:other", "principal": session.format("other-f"), "last": now.isoformat()},
        {**DENIAL, "action": "a:own", "principal": session.format("f"), "last": now.isoformat()},
        {**DENIAL, "action": "a:service", "principal": "lambda.amazonaws.com", "resource": "role/f_lambda",
         "last": (now - MINUTE / 60).isoformat()},
    )  # fmt: skip
    # WHEN the stack is up THEN only its own since this process started count; before that, its function is unknown
    stack.outputs = {"lambda_function": "f"}
    assert [line.split()[2] for line in denials.summary(stack).splitlines()] == ["a:own", "a:service"]
    stack.outputs = {}
    assert sorted(line.split()[2] for line in denials.summary(stack).splitlines()) == ["a:other", "a:own", "a:service"]


def test_an_emulator_without_the_list_is_reported(stack_with: Any) -> None:
    stack = stack_with(status=404)
    with pytest.raises(HarnessError, match="keeps no list of denials"):
        denials.read(stack)
    assert denials.summary(stack) == ""
