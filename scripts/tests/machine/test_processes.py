"""What the harness finds out about the machine: ports, left-over processes, provider mirrors."""

from __future__ import annotations

import os
import platform
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from harness import processes, provider
from harness.paths import ROOT, shown


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server


def test_a_taken_port_is_seen_and_its_holder_named(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    assert not processes.port_is_free(port)
    assert f"process {os.getpid()}" in processes.port_holder(port)


def test_free_ports_are_free_and_different() -> None:
    ports = processes.free_ports(5)
    assert len(set(ports)) == 5
    assert all(processes.port_is_free(port) for port in ports)


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


def _mirror(base: Path, version: str) -> Path:
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    folder = base / "some" / "mirror"
    (folder / provider.PROVIDER / version / f"{platform.system().lower()}_{machine}").mkdir(parents=True)
    return folder


def test_a_mirror_is_found_below_the_searched_folders(tmp_path: Path) -> None:
    folder = _mirror(tmp_path, provider.VERSION)
    assert provider.find_mirror([str(tmp_path / "missing"), str(tmp_path)]) == folder


def test_a_mirror_without_the_locked_version_is_no_help(tmp_path: Path) -> None:
    _mirror(tmp_path, "4.0.0")
    assert provider.find_mirror([str(tmp_path)]) is None


def test_the_users_own_terraform_configuration_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "own.rc"
    own.touch()
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(own))
    assert provider.cli_config() == own


def test_a_configuration_that_does_not_exist_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = _mirror(tmp_path, provider.VERSION)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(tmp_path / "missing.rc"))
    monkeypatch.setenv("TERRAFORM_PROVIDER_MIRROR", str(tmp_path))
    monkeypatch.setattr(provider, "TERRAFORM_DIR", tmp_path / "config")
    config = provider.cli_config()
    assert config is not None
    assert f'path    = "{folder}"' in config.read_text()


def test_terraform_never_reads_half_a_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN commands beside one another that all write it WHEN Terraform reads it THEN it names the mirror
    _mirror(tmp_path, provider.VERSION)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TERRAFORM_PROVIDER_MIRROR", str(tmp_path))
    monkeypatch.delenv("TF_CLI_CONFIG_FILE", raising=False)
    monkeypatch.setattr(provider, "TERRAFORM_DIR", tmp_path / "config")
    config = provider.cli_config()
    assert config is not None
    whole = config.read_text()
    with ThreadPoolExecutor(2) as writers:
        written = [writers.submit(provider.cli_config) for _ in range(500)]
        seen = {config.read_text()}
        while not all(one.done() for one in written):
            seen.add(config.read_text())
    assert [one.result() for one in written] == [config] * 500
    assert seen == {whole}
    assert [path.name for path in config.parent.iterdir()] == [config.name]


def test_paths_are_shown_as_a_user_types_them() -> None:
    assert shown(ROOT / ".local" / "x") == ".local/x"
    assert shown(Path("/elsewhere")) == "/elsewhere"
