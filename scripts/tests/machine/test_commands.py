"""Running programs: deadline, failure, progress, a clean environment."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from harness.errors import HarnessError
from harness.machine import commands, environment


def test_output_is_returned_logged_and_passed_on_line_by_line(tmp_path: Path) -> None:
    lines: list[str] = []
    log = tmp_path / "logs" / "x.log"
    output = commands.run(["sh", "-c", "echo one; echo two >&2"], log=log, deadline=10, on_line=lines.append)
    assert output == "one\ntwo\n"
    assert log.read_text() == output
    assert lines == ["one", "two"]


def test_a_failure_reports_the_status_and_the_last_lines(tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match=r"(?s)'sh -c' failed with exit status 3.*broken pipe dream"):
        commands.run(["sh", "-c", "echo broken pipe dream; exit 3"], log=tmp_path / "x.log", deadline=10)


def test_a_missing_program_is_reported(tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match="no-such-program"):
        commands.run(["no-such-program"], log=tmp_path / "x.log", deadline=10)


def test_the_deadline_ends_the_program_and_its_children(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    started = time.monotonic()
    with pytest.raises(HarnessError, match="longer than 1 s"):
        commands.run(["sh", "-c", f"sleep 60 & echo $! > {pid_file}; wait"], log=tmp_path / "x.log", deadline=1.0)
    assert time.monotonic() - started < 30
    assert (
        not Path(f"/proc/{pid_file.read_text().strip()}/cmdline").exists()
        or not Path(f"/proc/{pid_file.read_text().strip()}/cmdline").read_text()
    )


def test_trouble_may_have_a_next_step_of_its_own(tmp_path: Path) -> None:
    def refused() -> str | None:
        raise HarnessError("cannot succeed: IAM refused it", "allow it")

    with pytest.raises(HarnessError, match="'sleep 60' cannot succeed: IAM refused it") as ended:
        commands.run(["sleep", "60"], log=tmp_path / "x.log", deadline=30, trouble=refused)
    assert ended.value.next_step == "allow it"


def test_nothing_of_the_users_aws_setup_reaches_a_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAREAL")
    monkeypatch.setenv("TF_VAR_project_id", "prod")
    monkeypatch.setenv("TF_WORKSPACE", "prod")
    monkeypatch.setenv("DRY_RUN", "1")
    show = (
        "import os; print(sorted(k for k in os.environ if k.startswith(('AWS_', 'TF_', 'DRY_'))), os.environ['EXTRA'])"
    )
    env = environment.clean(EXTRA="yes")
    output = commands.run([sys.executable, "-c", show], log=tmp_path / "x.log", deadline=20, env=env)
    assert "AWS_PROFILE" not in output
    assert "AWS_ACCESS_KEY_ID" not in output
    assert "TF_" not in output
    assert "DRY_RUN" not in output
    assert "AWS_SHARED_CREDENTIALS_FILE" in output
    assert "yes" in output


def test_a_child_make_inherits_nothing_from_the_calling_make(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAKELEVEL", "1")
    monkeypatch.setenv("MAKEFLAGS", "n -- COUNT=5")
    assert not [name for name in environment.clean() if name.startswith("MAKE")]


def test_loopback_bypasses_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "intranet")
    monkeypatch.delenv("no_proxy", raising=False)
    env = environment.clean()
    assert env["NO_PROXY"] == "intranet,127.0.0.1,localhost"
    assert env["no_proxy"] == "127.0.0.1,localhost"


def test_trouble_ends_the_program_and_is_the_cause(tmp_path: Path) -> None:
    started = time.monotonic()
    with pytest.raises(HarnessError, match="'sleep 60' was stopped: LocalStack has died"):
        commands.run(
            ["sleep", "60"], log=tmp_path / "x.log", deadline=90, trouble=lambda: "was stopped: LocalStack has died"
        )
    assert time.monotonic() - started < 30


def test_an_interrupted_program_that_does_not_listen_is_killed_after_its_grace(tmp_path: Path) -> None:
    def interrupt(_line: str) -> None:
        raise KeyboardInterrupt

    deaf = ["bash", "-c", "trap '' INT; echo started; while :; do sleep 1; done"]
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        commands.run(deaf, log=tmp_path / "x.log", deadline=60, on_line=interrupt, grace=0.5)
    assert 0.5 <= time.monotonic() - began < 10
