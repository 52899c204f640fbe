"""The command `pipeline-emulator` of the emulator's virtual environment, with a real LocalStack."""

import contextlib
import importlib.metadata
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import psutil
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from pipeline_emulator.ports import free_port

pytestmark = pytest.mark.local_only

PROGRAM = Path(sys.prefix) / "bin" / "pipeline-emulator"
Run = Callable[..., subprocess.CompletedProcess[str]]


# Nothing listens there.
NO_PACKAGES = {"PIP_INDEX_URL": "http://127.0.0.1:9/", "UV_DEFAULT_INDEX": "http://127.0.0.1:9/"}
LEVEL = r"^  function isolation: (namespaces|user namespaces|process group) \(.+\)"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("emulator")


@pytest.fixture(scope="module")
def run(folder: Path) -> Run:
    """Return a function that runs the command with its own home and data folder."""
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "PIPELINE_DATA": str(folder / "data")}

    def call(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [PROGRAM, *arguments], env=env | variables, capture_output=True, text=True, timeout=120, check=False
        )

    return call


@pytest.fixture(scope="module")
def started(run: Run) -> Iterator[str]:
    """Start an emulator in the background that refuses every PutRecord; yield its endpoint."""
    port = free_port()
    # A LocalStack that is started by hand fails with AWS_PROFILE=missing.
    variables = {"AWS_PROFILE": "missing", "KINESIS_ERROR_PROBABILITY": "1", **NO_PACKAGES}
    done = run("start", "--detach", "--port", str(port), **variables)
    try:
        assert done.returncode == 0, done.stderr
        assert "installing the packages for functions from Zips" in done.stderr  # the home folder has no runtime
        assert re.search("^warning: functions from Zips will fail: .*installed", done.stderr, re.MULTILINE)
        assert re.search("^next:    .*; then pipeline-emulator lambda-runtime$", done.stderr, re.MULTILINE)
        yield f"http://127.0.0.1:{port}"
    finally:
        run("stop")


@pytest.fixture
def kinesis(started: str) -> Any:
    return boto3.client(
        "kinesis",
        endpoint_url=started,
        region_name="ap-south-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )


def test_started_emulator_answers_and_uses_a_setting_from_the_environment(started: str, kinesis: Any) -> None:
    kinesis.create_stream(StreamName="s", ShardCount=1)
    with pytest.raises(ClientError, match="ProvisionedThroughputExceededException"):
        kinesis.put_record(StreamName="s", Data=b"x", PartitionKey="x")


def test_the_index_of_services_is_built_once_for_a_user(started: str, kinesis: Any, folder: Path) -> None:
    kinesis.list_streams()
    (built,) = (folder / ".cache" / "pipeline-emulator").iterdir()
    assert built.stat().st_size > 100_000
    assert (folder / "data" / "usr" / "lib" / "localstack" / built.name).resolve() == built
    assert not list((folder / "data").rglob("var/**/service-catalog*"))  # LocalStack built none of its own


def test_status_shows_the_emulator_and_its_settings(started: str, run: Run) -> None:
    done = run("status")
    assert done.returncode == 0
    assert started in done.stdout
    assert "KINESIS_ERROR_PROBABILITY=1" in done.stdout
    assert "IAM_ENFORCEMENT" not in done.stdout
    assert re.search(LEVEL, done.stdout, re.MULTILINE)


def test_second_emulator_with_the_same_folder_or_port_is_refused(started: str, run: Run, tmp_path: Path) -> None:
    done = run("start", **NO_PACKAGES)
    assert done.returncode == 1
    assert f"already runs with this data folder: {started}" in done.stderr
    assert "Traceback" not in done.stderr
    done = run("start", "--data", str(tmp_path), "--port", started.rpartition(":")[2])
    assert done.returncode == 1
    assert "choose another port with --port" in done.stderr


@pytest.mark.long_proof
def test_doctor_reports_what_works_and_fails_for_a_port_in_use(started: str, run: Run, tmp_path: Path) -> None:
    done = run("doctor", "--data", str(tmp_path), "--port", started.rpartition(":")[2])
    lines = dict(line[6:].split(": ", 1) for line in done.stdout.splitlines())
    assert done.returncode == 1
    assert "cannot be listened on" in lines["port"]
    assert lines["LocalStack"] == "localstack-core 2026.3.0"
    assert lines["packages"] == "in the versions that work"
    assert re.match(LEVEL, f"  function isolation: {lines['function isolation']}")
    assert [line[:4] for line in done.stdout.splitlines()].count("FAIL") == 1
    assert run("doctor", "--data", str(tmp_path), "--port", str(free_port())).returncode == 0


def test_doctor_finds_the_interpreter_of_a_runtime_or_says_what_is_missing(run: Run, tmp_path: Path) -> None:
    done = run("doctor", "--runtime", "python3.13", "--runtime", "provided.al2023")
    assert done.returncode == 0
    assert [line.split(": ")[0] for line in done.stdout.splitlines()] == ["ok    python3.13", "ok    provided.al2023"]
    done = run("doctor", "--runtime", "nodejs20.x", "--runtime", "ruby3.4", PATH=str(tmp_path), NVM_DIR=str(tmp_path))
    assert done.returncode == 1
    node, ruby = done.stdout.splitlines()
    assert node.startswith("FAIL  nodejs20.x: ")
    assert "needs Node.js 20 or later, and none was found" in node
    assert ruby.startswith("FAIL  ruby3.4: no such runtime here, only python3.10, ")


def test_stop_ends_the_emulator_and_a_reused_process_id_is_not_mistaken_for_it(
    started: str, run: Run, folder: Path
) -> None:
    file = folder / "data" / "pipeline-emulator.json"
    known = json.loads(file.read_text())
    process = psutil.Process(known["pid"])
    assert run("stop").returncode == 0
    assert not process.is_running()
    assert not file.exists()
    # An hour earlier: alone, this file's emulator starts within the two seconds by which creation times may differ.
    file.write_text(json.dumps(known | {"pid": os.getpid(), "created": known["created"] - 3600}))
    done = run("status")
    assert (done.returncode, done.stdout) == (1, "")
    assert "no emulator runs with the data folder" in done.stderr
    assert run("stop").returncode == 1


@pytest.mark.long_proof
def test_foreground_emulator_is_one_process_and_ends_on_a_signal(folder: Path, eventually: Callable[..., Any]) -> None:
    data, port = folder / "foreground", free_port()
    command = [sys.executable, "-m", "pipeline_emulator", "start", "--data", str(data), "--port", str(port)]
    env = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    with subprocess.Popen(command, env=env, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:

        def answers() -> bool:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port), 1).close()
                return True
            return False

        eventually(answers, "the port is open", 90)
        assert json.loads((data / "pipeline-emulator.json").read_text())["pid"] == child.pid
        child.send_signal(signal.SIGINT)
        child.wait(60)


@pytest.mark.long_proof
@pytest.mark.parametrize("seconds", [0.3, 1.0, 1.7, 2.4, 3.1])
def test_ctrl_c_at_any_moment_of_the_start_ends_it_without_a_traceback(
    seconds: float, folder: Path, eventually: Callable[..., Any]
) -> None:
    command = [
        sys.executable,
        "-m",
        "pipeline_emulator",
        "start",
        "--data",
        str(folder / "early"),
        "--port",
        str(free_port()),
    ]
    env = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    with subprocess.Popen(command, env=env, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as child:
        # While it starts another program, a process has no command line.
        words = psutil.Process(child.pid).cmdline
        eventually(lambda: any("localstack" in word for word in words()[-1:]), "LocalStack is imported", 60)
        time.sleep(seconds)
        child.send_signal(signal.SIGINT)
        try:
            said, _ = child.communicate(timeout=30)
        finally:
            child.kill()  # leaving the block would wait for it
    assert child.returncode in (-signal.SIGINT, 0)
    assert b"Traceback" not in said


def test_a_folder_that_cannot_be_written_is_a_clear_error(run: Run) -> None:
    """As in containers of CI whose user has no home folder."""
    done = run("lambda-runtime", XDG_CACHE_HOME="/dev/null")
    assert done.returncode == 1
    assert "/dev/null/pipeline-emulator/lambda-runtime" in done.stderr
    assert "cannot be written" in done.stderr
    assert "next:" in done.stderr
    assert "Traceback" not in done.stderr


def test_moto_in_the_place_of_localstacks_fork_is_named(run: Run, tmp_path: Path) -> None:
    """Both have the package `moto`; the one that pip installs last wins."""
    ours = importlib.metadata.distribution("moto-ext")
    files = {
        "moto-9.9.dist-info/METADATA": "Metadata-Version: 2.1\nName: moto\nVersion: 9.9\n",
        "moto_ext-1.dist-info/METADATA": str(ours.read_text("METADATA")),
        "moto_ext-1.dist-info/RECORD": "moto/core/exceptions.py,sha256=another,1\n",
        "moto/core/exceptions.py": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    for command in (["start"], ["doctor"]):
        done = run(*command, PYTHONPATH=str(tmp_path))
        assert done.returncode == 1
        said = done.stdout + done.stderr
        assert f"moto 9.9 has overwritten moto-ext {ours.version}" in said
        assert f"pip install --force-reinstall --no-deps moto-ext=={ours.version}" in said
        assert "Traceback" not in said


def test_importing_the_package_imports_none_of_its_modules() -> None:
    code = (
        "import sys, pipeline_emulator; print([name for name in sys.modules if name.startswith('pipeline_emulator.')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
