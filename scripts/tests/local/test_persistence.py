"""When streams are kept, and which files of a stack's folder remain."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from harness.errors import HarnessError
from harness.local import containers, images, lifecycle, persistence, runtimes
from harness.machine import engine
from harness.stack import state as stacks
from harness.stack.state import EMBEDDED, Stack


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stacks, "STACKS", tmp_path / ".local")
    monkeypatch.setenv("RUNTIME", "")
    monkeypatch.setattr(engine, "missing", lambda: "no engine")


def _stack(*, persistent: bool, alive: bool) -> Stack:
    me = psutil.Process()
    stack = Stack(
        "x", "local", 4566, EMBEDDED, persistent, pid=me.pid, pid_created=me.create_time() - 100 * (not alive)
    )
    stack.save()
    return stack


@pytest.mark.parametrize(("text", "expected"), [("", False), ("0", False), ("1", True), ("true", True)])
def test_the_variable_decides_for_a_new_stack(monkeypatch: pytest.MonkeyPatch, text: str, expected: bool) -> None:
    monkeypatch.setenv("PERSISTENCE", text)
    assert persistence.wanted(None) == expected


@pytest.mark.parametrize("alive", [True, False])
def test_without_the_variable_the_existing_stack_decides(monkeypatch: pytest.MonkeyPatch, alive: bool) -> None:
    monkeypatch.delenv("PERSISTENCE", raising=False)
    assert persistence.wanted(_stack(persistent=True, alive=alive))


def test_a_stopped_stack_is_changed_but_a_running_one_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERSISTENCE", "0")
    with pytest.raises(HarnessError, match="the stack runs with PERSISTENCE=1") as error:
        persistence.wanted(_stack(persistent=True, alive=True))
    assert "make local-down" in error.value.next_step
    assert not persistence.wanted(_stack(persistent=True, alive=False))


def test_an_invalid_value_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERSISTENCE", "yes please")
    with pytest.raises(HarnessError, match="neither 0 nor 1"):
        persistence.wanted(None)


def test_kept_streams_belong_to_one_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    _stack(persistent=True, alive=False)
    assert runtimes.wanted("x") == EMBEDDED
    monkeypatch.setattr(engine, "missing", lambda: None)
    monkeypatch.setenv("RUNTIME", "docker")
    with pytest.raises(HarnessError, match="has kept its streams with RUNTIME=embedded"):
        runtimes.wanted("x")


def test_a_restart_keeps_the_streams_and_local_down_keeps_nothing() -> None:
    stack = _stack(persistent=True, alive=False)
    kept = persistence.folder(stack) / "pipeline_emulator" / "kinesis.sqlite3"
    for file in (kept, stack.log("localstack"), kept.parents[2] / "tmp" / "x", stack.folder / "terraform" / "main.tf"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    (stack.folder / "link").symlink_to(kept.parent)
    lifecycle.down_locked("x", keep_streams=True)
    assert [path for path in stack.folder.rglob("*") if not path.is_dir()] == [stack.folder / "stack.json", kept]
    assert stacks.load("x") == stack
    lifecycle.down_locked("x")
    assert not stack.folder.exists()


def test_compose_gets_the_setting() -> None:
    wanted = images.Images("a", "b", "c", "d", "e", "f")
    assert containers._settings(_stack(persistent=True, alive=False), wanted, 0)["PERSISTENCE"] == "1"
