"""A stack's saved state and its lock."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click.testing
import psutil
import pytest

from harness.cli import everyday
from harness.errors import HarnessError
from harness.local import lifecycle
from harness.stack import state as stacks
from harness.stack.state import Stack


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / ".local"
    monkeypatch.setattr(stacks, "STACKS", folder)
    return folder


def test_a_saved_stack_can_be_loaded() -> None:
    stack = Stack("x", "local", 4566, outputs={"a": "b"}, model={"run_id": "r"})
    stack.save()
    assert stacks.load("x") == stack


@pytest.mark.parametrize("text", ["", "{", "[]", '{"unknown": 1}'])
def test_a_half_written_file_is_not_a_stack(own_folder: Path, text: str) -> None:
    (own_folder / "x").mkdir(parents=True)
    (own_folder / "x" / "stack.json").write_text(text)
    assert stacks.load("x") is None


def test_a_reused_process_id_is_not_the_stacks_process() -> None:
    me = psutil.Process()
    stack = Stack("x", "local", 4566, pid=me.pid, pid_created=me.create_time())
    assert stack.process() is not None
    stack.pid_created -= 100
    assert stack.process() is None


def test_commands_on_a_stack_that_is_not_up_report_its_state() -> None:
    with pytest.raises(HarnessError, match="no pipeline runs here"):
        stacks.running("x")
    Stack("x", "local", 4566, pid=2**22 + 1).save()
    with pytest.raises(HarnessError, match="has ended"):
        stacks.running("x")
    me = psutil.Process()
    Stack("x", "local", 4566, pid=me.pid, pid_created=me.create_time()).save()
    with pytest.raises(HarnessError, match="not finished starting"):
        stacks.running("x")
    assert stacks.running("x", ready=False).name == "x"  # `iam-denials` says why it has not


def _pipeline(folder: Path) -> Path:
    folder.mkdir()
    (folder / "main.tf").touch()
    (folder / "pipeline.toml").write_text(
        'name = "orders"\nterraform.root = "."\nevents.sample = { id = 1 }\nledger = { id_in = "id", id_out = "id" }\n'
        'outputs = { source_stream = "a", output_stream = "b", function = "f" }\n'
    )
    return folder


def test_a_pipeline_of_the_same_name_in_another_folder_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN the stack of one pipeline WHEN a command is called for another one of that name
    first, second = _pipeline(tmp_path / "first"), _pipeline(tmp_path / "second")
    me = psutil.Process()
    stack = Stack(
        "orders", "local", 4566, ready=True, pid=me.pid, pid_created=me.create_time(), pipeline_folder=str(first)
    )
    stack.save()
    monkeypatch.setenv("PIPELINE", str(second))
    # THEN it reaches neither the stack nor its data
    with pytest.raises(HarnessError, match=f"the stack orders is that of the pipeline in {first}") as refused:
        stacks.here()
    assert "another name" in refused.value.next_step
    done = click.testing.CliRunner().invoke(everyday.local_down, obj=[])
    assert done.exception is not None
    assert "is that of the pipeline in" in str(done.exception)
    assert stack.folder.exists()
    # WHEN the first folder is gone, as after a move THEN the second one has it
    (first / "pipeline.toml").unlink()
    assert stacks.here() == stack


def test_only_stacks_that_end_in_a_process_id_are_abandoned(own_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifecycle, "STACKS", own_folder)
    taken: list[str] = []
    monkeypatch.setattr(lifecycle, "down", taken.append)
    for name in ("plan-orders", f"plan-{os.getpid()}", f"plan-{2**22 + 1}"):
        (own_folder / name).mkdir(parents=True)
    lifecycle.remove_abandoned("plan")
    assert taken == [f"plan-{2**22 + 1}"]


def test_the_lock_keeps_a_second_command_out_and_is_released_with_the_first(own_folder: Path) -> None:
    second = stacks.locked("x")
    with stacks.locked("x"), pytest.raises(HarnessError, match=f"process {os.getpid()} is changing"):
        second.__enter__()
    with stacks.locked("x"):
        pass
    assert not (own_folder / "x.lock").exists()


@pytest.fixture
def holder(own_folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that holds the lock of the stack x, as `up` does."""
    hold = (
        "from pathlib import Path; import sys, time; from harness.stack import state\n"
        "state.STACKS = Path(sys.argv[1])\n"
        "with state.locked('x'):\n    print(1, flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", hold, str(own_folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        yield child
        child.kill()


def test_the_lock_of_a_killed_command_is_released(holder: subprocess.Popen[bytes]) -> None:
    with pytest.raises(HarnessError), stacks.locked("x"):
        pass
    holder.kill()
    holder.wait()
    with stacks.locked("x"):
        pass


def test_commands_on_a_stack_that_is_being_started_name_the_process(holder: subprocess.Popen[bytes]) -> None:
    # GIVEN an `up` that has just begun, or is applying WHEN `status` runs THEN it says who is at it
    with pytest.raises(HarnessError, match=f"process {holder.pid} is changing this stack") as busy:
        stacks.running("x")
    assert busy.value.next_step == "wait until it has ended, then try again"
    me = psutil.Process()
    stack = Stack("x", "local", 4566, pid=me.pid, pid_created=me.create_time())
    stack.save()
    with pytest.raises(HarnessError, match=f"process {holder.pid} is changing this stack"):
        stacks.running("x")
    assert stacks.running("x", ready=False) == stack
    # WHEN a stack that is ready is brought up to date THEN commands still work
    stack.ready = True
    stack.save()
    assert stacks.running("x") == stack
    # WHEN the process was killed THEN its file does not count
    stack.ready = False
    stack.save()
    holder.kill()
    holder.wait()
    with pytest.raises(HarnessError, match="not finished starting"):
        stacks.running("x")


@pytest.mark.parametrize(
    "port", ["0", "65536", "http", "-1", "4566.0", "\uff14\uff15"]
)  # full-width digits: int() accepts them
def test_a_wrong_port_is_refused(monkeypatch: pytest.MonkeyPatch, port: str) -> None:
    monkeypatch.setenv("LOCALSTACK_PORT", port)
    with pytest.raises(HarnessError, match="not a port number"):
        lifecycle.wanted_port("x")


def test_the_default_port_is_that_of_the_running_stack_or_4566(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCALSTACK_PORT", "")
    assert lifecycle.wanted_port("x") == 4566
    me = psutil.Process()
    stack = Stack("x", "local", 4700, pid=me.pid, pid_created=me.create_time())
    stack.save()
    assert lifecycle.wanted_port("x") == 4700
    stack.pid_created -= 100  # it has ended
    stack.save()
    assert lifecycle.wanted_port("x") == 4566
