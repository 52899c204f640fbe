"""What `local-up` says of damaged files and of records that are gone."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from harness.errors import HarnessError
from harness.local import localstack, persistence
from harness.machine import ports
from harness.stack import state as stacks
from harness.stack.state import EMBEDDED, Stack


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stacks, "STACKS", tmp_path / ".local")


@pytest.fixture
def stack_with() -> Iterator[Callable[[dict[str, Any]], Stack]]:
    """A function that makes a stack whose emulator answers with these losses."""
    servers: list[HTTPServer] = []

    def make(losses: dict[str, Any]) -> Stack:
        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.end_headers()
                self.wfile.write(json.dumps(losses).encode())

            def log_message(self, *_: object) -> None:
                pass

        servers.append(HTTPServer(("127.0.0.1", 0), Answer))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return Stack("told", "told", servers[-1].server_port)

    yield make
    for server in servers:
        server.shutdown()
        server.server_close()


def test_records_that_are_gone_are_counted(stack_with: Any, capsys: pytest.CaptureFixture[str]) -> None:
    streams = [{"stream": "sales", "records": 5}, {"stream": None, "records": 2}]
    persistence.warn_of_losses(stack_with({"records": 7, "streams": streams, "unknown": None}))
    shown = capsys.readouterr().err
    assert "7 acknowledged records are gone (sales: 5, streams that are gone, too: 2)" in shown
    assert "localstack.log" in shown


def test_unknown_losses_are_said(stack_with: Any, capsys: pytest.CaptureFixture[str]) -> None:
    persistence.warn_of_losses(stack_with({"records": 0, "streams": [], "unknown": "the counters are missing"}))
    assert "not known: the counters are missing" in capsys.readouterr().err


def test_nothing_is_said_if_nothing_is_gone(stack_with: Any, capsys: pytest.CaptureFixture[str]) -> None:
    persistence.warn_of_losses(stack_with({"records": 0, "streams": [], "unknown": None}))
    assert capsys.readouterr().err == ""


def test_a_refused_start_is_one_error_with_the_emulators_own_words(monkeypatch: pytest.MonkeyPatch) -> None:
    (port,) = ports.free_ports(1)
    stack = Stack("x", "local", port, EMBEDDED, persistent=True)
    stack.log("localstack").parent.mkdir(parents=True)
    stack.log("localstack").write_text(
        "Localstack returning with exit code 1. Reason: of a former start\nnext: nothing\n"
    )
    program = (
        "print('LocalStack version: 1');"
        "print('Localstack returning with exit code 1. Reason: /x is damaged.\\nnext: restore it', end='');exit(1)"
    )
    with pytest.raises(HarnessError) as error:
        localstack.launch(stack, "LocalStack", [sys.executable, "-c", program], {})
    assert (error.value.cause, error.value.next_step) == ("/x is damaged.", "restore it")
    with pytest.raises(HarnessError, match="LocalStack ended while starting:\nother") as error:
        localstack.launch(stack, "LocalStack", [sys.executable, "-c", "print('other');exit(1)"], {})
