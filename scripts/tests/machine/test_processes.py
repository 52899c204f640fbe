"""Ports in use and leftover processes: found, identified, ended."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from harness.machine import processes


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server


def test_a_port_in_use_is_detected_with_its_process(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    assert not processes.port_is_free(port)
    assert f"process {os.getpid()}" in processes.port_holder(port)


def test_processes_of_a_stack_are_found_by_their_marker_and_ended(tmp_path: Path) -> None:
    stubborn = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(60)"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", stubborn],
        env=os.environ | {processes.MARKER: str(tmp_path)},
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    with child:
        assert child.stdout is not None
        child.stdout.readline()
        found = processes.of_stack(tmp_path)
        assert [process.pid for process in found] == [child.pid]
        assert processes.of_stack(tmp_path / "other") == []
        processes.end_all(found, grace=0.5)
        assert not psutil.pid_exists(child.pid)
