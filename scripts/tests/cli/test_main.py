"""What a user sees after a mistake: the cause, the next step and an exit status, never a traceback."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import docker
import pytest

from harness.cli import failures, wording
from harness.machine import engine
from harness.paths import ROOT


def _make(*words: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Call the harness as the Makefile does."""
    env = os.environ | variables
    command = [sys.executable, "-m", "harness", *words]
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize(
    ("words", "variables", "message"),
    [
        (["verify"], {"COUNT": "abc"}, "COUNT=abc is not a whole number above 0"),
        (["verify"], {"COUNT": "0"}, "COUNT=0 is not a whole number above 0"),
        (["send"], {"COUNT": "1.5"}, "COUNT=1.5 is not a whole number above 0"),
        (["send"], {"RATE": "-1"}, "RATE=-1 is not a number above 0"),
        (["send"], {"RATE": "nan"}, "RATE=nan is not a number above 0"),
        (["chaos"], {"SEED": "x"}, "SEED=x is not a whole number"),
        (["chaos"], {"SEEDS": "9-7"}, "SEEDS=9-7 names no seeds"),
        (["chaos"], {"SEEDS": "9", "SEED": "7"}, "SEED and SEEDS are both set"),
        (["soak"], {"RATE": "0"}, "RATE=0 is not a number above 0"),
        (["local-up"], {"LOCALSTACK_PORT": "http"}, "LOCALSTACK_PORT=http is not a port number"),
        (["local-up"], {"RUNTIME": "cloud"}, "RUNTIME=cloud is unknown"),
        (["local-up"], {"RUNTIME": "docker", "DOCKER_HOST": "unix:///none"}, "RUNTIME=docker needs a container engine"),
        (["verify", "--count", "0"], {}, "--count 0 is not a whole number above 0"),
        (["chaos", "--seed", "x"], {"SEED": "7"}, "--seed x is not a whole number"),
        (["local-up", "--port", "http"], {}, "LOCALSTACK_PORT=http is not a port number"),
        (["local-up", "--runtime", "cloud"], {"RUNTIME": "embedded"}, "RUNTIME=cloud is unknown"),
        (["train"], {"DATA": "missing.csv"}, "missing.csv"),
        (["bench"], {"TARGETS": "embedded,aws"}, "TARGETS=embedded,aws: 'aws' is unknown"),
        (["local-status"], {"PIPELINE": "none"}, "PIPELINE=none is no folder"),
        (["local-status", "PIPELINE=none"], {}, "PIPELINE=none is no folder"),
        (["verify", "COUNT=0"], {}, "COUNT=0 is not a whole number above 0"),
        (["local-up"], {"IAM_ENFORCEMENT": "maybe"}, "IAM_ENFORCEMENT=maybe is unknown"),
        (["local-up", "--faults", "yes"], {}, "--faults yes is unknown"),
        (["local-up"], {"DASHBOARD": "no"}, "DASHBOARD=no is unknown"),
        (["local-up"], {"REFRESH": "x"}, "REFRESH=x is unknown"),
        (["docs", "--port", "99999"], {}, "--port 99999 is not a port number"),
        (["promote"], {}, "no stage is given"),
        (["bench"], {"EVENTS": "10k"}, "EVENTS=10k is not a list of integers above 0"),
    ],
)
def test_invalid_values_are_reported(tmp_path: Path, words: list[str], variables: dict[str, str], message: str) -> None:
    done = _make(*words, cwd=tmp_path, **variables)
    assert done.returncode == 1
    assert message in done.stderr
    assert "next:" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("words", "variables", "status", "message"),
    [
        (["verify", "CUONT=3"], {}, 2, "there is no variable CUONT; did you mean COUNT?"),
        (["verify"], {"MAKEFLAGS": "s -- CUONT=3", "MAKELEVEL": "1"}, 2, "there is no variable CUONT; did you mean"),
        (["outputs", "COUNT=3"], {}, 1, "outputs does not read COUNT, so it has no effect"),
        (["send", "--count"], {}, 2, "pipeline send --help lists what it takes"),
    ],
)
def test_a_variable_that_nothing_reads_is_reported(
    tmp_path: Path, words: list[str], variables: dict[str, str], status: int, message: str
) -> None:
    done = _make(*words, cwd=tmp_path, PIPELINE=str(ROOT / "examples" / "plain"), **variables)
    assert (done.returncode, message in done.stderr) == (status, True), done.stderr


def test_a_setting_of_the_stack_may_be_given_to_any_command(tmp_path: Path) -> None:
    words = ["outputs", "LOCALSTACK_PORT=4999", "RUNTIME=embedded", "AWS_PROFILE=x"]
    done = _make(*words, cwd=tmp_path, PIPELINE=str(ROOT / "examples" / "plain"))
    assert "has no effect" not in done.stderr


def test_ctrl_c_while_the_command_is_imported_shows_no_traceback(tmp_path: Path) -> None:
    """The import is interrupted at its first module, as by a signal that comes at that moment."""
    start = (
        "import sys\n"
        "class Interrupt:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'harness.cli': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupt())\n"
        "from harness.__main__ import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", start], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (130, "\ninterrupted\n")


@pytest.mark.parametrize(
    ("error", "message", "next_step"),
    [
        (
            PermissionError(13, "Permission denied", "/x/y"),
            "/x/y cannot be read or written: Permission denied",
            "ls -ld",
        ),
        (OSError(30, "Read-only file system", "/x/y"), "/x/y cannot be read or written: Read-only", "ls -ld"),
        (OSError(28, "No space left on device"), "a file cannot be written: No space left", "free some disk space"),
        (KeyError("x"), "KeyError: 'x'", "this is a bug in the harness"),
    ],
)
def test_what_the_operating_system_refuses_is_no_bug(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, message: str, next_step: str
) -> None:
    monkeypatch.setattr(failures, "CACHE", tmp_path)
    found = failures.explained(error)
    assert message in found.cause
    assert next_step in found.next_step


def test_a_bug_is_reported_even_where_its_log_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(failures, "CACHE", tmp_path / "file")
    assert "could not be written" in failures.explained(KeyError("x")).next_step


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n["])
def test_an_engine_that_does_not_answer_is_no_bug(tmp_path: Path, answer: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "engine"))
        listener.listen()
        client = docker.DockerClient(f"unix://{tmp_path}/engine", version="1.41", timeout=1)
        answering = threading.Thread(target=_answer, args=(listener, answer))
        answering.start()
        with pytest.raises(engine.errors()) as raised:
            client.containers.list()
        client.close()
        answering.join()
    assert "did not answer a request" in failures.explained(raised.value).cause


def _answer(listener: socket.socket, text: bytes) -> None:
    """Send the start of an answer, then wait until the client gives up."""
    connection, _ = listener.accept()
    with connection:
        connection.sendall(text)
        while connection.recv(4096):
            pass


@pytest.mark.parametrize(("level", "told"), [("", "pipeline up"), ("1", "make local-up")])
def test_messages_name_commands_as_they_were_called(tmp_path: Path, level: str, told: str) -> None:
    done = _make("verify", cwd=tmp_path, PIPELINE=str(ROOT / "examples" / "plain"), MAKELEVEL=level)
    assert done.stderr.splitlines()[-1] == f"next:  start it: {told}"


def test_every_make_target_in_a_message_becomes_a_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MAKELEVEL", raising=False)
    worded = wording.of("pipeline", ["local-up", "local-down", "send", "chaos", "rehearse"])
    text = "make local-up; make send COUNT=1; make deploy-stg; make rehearse-stg, make sure; make send-it"
    assert worded("make local-down local-up: it is old") == "pipeline down && pipeline up: it is old"
    assert worded(text) == (
        "pipeline up; pipeline send COUNT=1; pipeline deploy stg; pipeline rehearse, make sure; make send-it"
    )


def test_every_mistake_in_a_csv_is_listed_with_line_and_column(tmp_path: Path) -> None:
    rows = "".join(f"2015-01-{day:02d},x,5,1,0\n" for day in range(1, 19))
    (tmp_path / "bad.csv").write_text("date,store,sales,promo,holiday\n" + rows)
    done = _make("train", cwd=tmp_path, DATA="bad.csv")  # relative, as in the README
    assert done.returncode == 1
    for line in range(2, 20):
        assert f"line {line}, column 'store'" in done.stderr
    assert "bad.csv" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_users_aws_profile_is_ignored(tmp_path: Path) -> None:
    show = (
        "from harness.machine.environment import clean_this_process; clean_this_process()\n"
        "from harness.stack.clients import Clients; from harness.stack.state import Stack\n"
        "print(Clients(Stack('x', 'x', 4566)).kinesis.meta.endpoint_url)"
    )
    env = os.environ | {"AWS_PROFILE": "no-such-profile", "AWS_ENDPOINT_URL": "https://aws"}
    done = subprocess.run(
        [sys.executable, "-c", show], env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.strip() == "http://127.0.0.1:4566", done.stderr


# A shell starts a script's background jobs with SIGINT ignored.
IN_THE_BACKGROUND = """
import os, signal, sys
from pathlib import Path

signal.signal(signal.SIGINT, signal.SIG_IGN)
from harness import cli
from harness.machine import commands
from harness.errors import CommandFailedError

cli.take_signals()
os.kill(os.getpid(), signal.SIGINT)
child = ["sh", "-c", "kill -INT $$; echo not ended"]
try:
    commands.run(child, log=Path(sys.argv[1]), deadline=30)
except CommandFailedError as error:
    print(error.status)
"""


def test_a_background_job_ignores_interrupts_but_its_children_do_not(tmp_path: Path) -> None:
    words = [sys.executable, "-c", IN_THE_BACKGROUND, str(tmp_path / "x.log")]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.stderr) == ("-2\n", "")


@pytest.mark.parametrize("words", [["PIPELINE=examples/plain"], []])
def test_make_hands_the_pipeline_on(words: list[str]) -> None:
    env = os.environ | ({} if words else {"PIPELINE": "examples/plain"})
    command = ["make", "cost", *words]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert "how long an invocation of plain takes is not known" in done.stderr
