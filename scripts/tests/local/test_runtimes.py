"""How a command chooses its runtime: RUNTIME, the running stack, an available engine."""

from __future__ import annotations

import gc
from pathlib import Path

import psutil
import pytest

from harness.errors import HarnessError
from harness.local import runtimes
from harness.machine import engine
from harness.stack import state as stacks
from harness.stack.state import DOCKER, EMBEDDED, Stack


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stacks, "STACKS", tmp_path / ".local")
    monkeypatch.setenv("RUNTIME", "")
    monkeypatch.setenv("DOCKER_HOST", "unix:///no/engine")


def _runs(runtime: str) -> None:
    me = psutil.Process()
    Stack("x", "local", 4566, runtime, pid=me.pid, pid_created=me.create_time()).save()


def test_without_an_engine_the_embedded_runtime_is_used_with_a_reason(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert engine.missing() is not None
    assert runtimes.wanted("x") == EMBEDDED
    assert "using the embedded runtime, which needs no container engine" in capsys.readouterr().err


@pytest.mark.parametrize("running", [False, True])
def test_without_an_engine_containers_are_refused_with_the_remedy(
    running: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if running:
        _runs(EMBEDDED)  # taking it down would not help
    monkeypatch.setenv("RUNTIME", DOCKER)
    with pytest.raises(HarnessError, match="needs a container engine") as error:
        runtimes.wanted("x")
    assert "RUNTIME=embedded" in error.value.next_step


def test_an_unknown_runtime_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNTIME", "cloud")
    with pytest.raises(HarnessError, match="RUNTIME=cloud is unknown"):
        runtimes.wanted("x")


def test_a_running_stack_keeps_its_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    _runs(EMBEDDED)
    monkeypatch.setattr(engine, "missing", lambda: None)  # an engine started later changes nothing
    assert runtimes.wanted("x") == EMBEDDED
    monkeypatch.setenv("RUNTIME", DOCKER)
    with pytest.raises(HarnessError, match="the stack runs with RUNTIME=embedded") as error:
        runtimes.wanted("x")
    assert "make local-down" in error.value.next_step


# docker's client leaves the socket of a refused connection to the garbage collector.
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_a_stack_whose_engine_was_stopped_is_not_alive() -> None:
    assert not Stack("x", "local", 4566, DOCKER, container="0123456789ab").alive()
    gc.collect()
