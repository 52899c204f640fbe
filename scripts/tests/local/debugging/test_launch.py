"""What an editor needs to attach."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from harness.errors import HarnessError
from harness.local.debugging import command, launch
from harness.local.debugging.session import alone
from harness.stack.state import Stack


def test_vs_code_and_pycharm_get_port_and_folders() -> None:
    text = launch.texts("orders", 5679, Path("/home/me/orders/function"), "/var/task")
    found, end = json.JSONDecoder().raw_decode(text[text.index("{") :])
    (configuration,) = found["configurations"]
    assert (configuration["type"], configuration["request"]) == ("debugpy", "attach")
    assert configuration["connect"] == {"host": "127.0.0.1", "port": 5679}
    assert configuration["pathMappings"] == [{"localRoot": "/home/me/orders/function", "remoteRoot": "/var/task"}]
    pycharm = text[text.index("{") :][end:]
    for needed in ("PyCharm", "Attach to DAP", "127.0.0.1:5679", "/home/me/orders/function", "/var/task"):
        assert needed in pycharm


def test_a_port_in_use_is_named_with_a_way_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(HarnessError, match=f"port {port} is taken by process") as refused:
            command.check_port(port)
    assert "DEBUG_PORT=" in refused.value.next_step


def test_one_process_debugs_a_stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Stack, "folder", tmp_path)
    stack, refused = Stack("test", "test", 1), pytest.raises(HarnessError, match=r"process \d+ debugs this function")
    with alone(stack), refused, alone(stack):
        pass
    with alone(stack):
        pass
