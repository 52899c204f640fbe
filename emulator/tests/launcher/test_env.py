"""`pipeline-emulator env`: runs commands that use an emulator, and leaves nothing behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.local_only

PROGRAM = Path(sys.prefix) / "bin" / "pipeline-emulator"
Env = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def base(tmp_path: Path) -> dict[str, str]:
    """The user's environment."""
    for name in ("home", "temporary"):
        (tmp_path / name).mkdir()
    home, data, temporary = (str(tmp_path / name) for name in ("home", "data", "temporary"))
    return {"PATH": os.environ["PATH"], "HOME": home, "PIPELINE_DATA": data, "TMPDIR": temporary}


@pytest.fixture
def env(base: dict[str, str], localstack: Any) -> Env:
    """Return a function that runs the command for the tests' emulator."""

    def run(*command: str, url: str = localstack.endpoint_url, **variables: str) -> subprocess.CompletedProcess[str]:
        full: list[str | Path] = [PROGRAM, "env", "--endpoint-url", url, *command]
        return subprocess.run(full, env={**base, **variables}, capture_output=True, text=True, timeout=60, check=False)

    return run


def test_a_command_gets_the_emulators_variables_and_none_of_the_users_account(env: Env, localstack: Any) -> None:
    own = {"AWS_PROFILE": "mine", "AWS_SESSION_TOKEN": "x", "AWS_ENDPOINT_URL_S3": "x", "AWS_REGION": "eu-west-1"}
    done = env("printenv", **own, OTHER="kept")
    variables = dict(line.split("=", 1) for line in done.stdout.splitlines())
    assert variables["AWS_ENDPOINT_URL"] == localstack.endpoint_url
    assert variables["AWS_ACCESS_KEY_ID"] == variables["AWS_SECRET_ACCESS_KEY"] == "test"
    assert variables["AWS_REGION"] == variables["AWS_DEFAULT_REGION"] == "eu-west-1"
    assert variables["S3_HOSTNAME"] == "127.0.0.1"
    assert variables["OTHER"] == "kept"
    assert variables["HOME"].endswith("/home")
    assert not variables.keys() & {"AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3"}
    assert env("--region", "sa-east-1", "printenv", "AWS_REGION", **own).stdout == "sa-east-1\n"
    assert env("printenv", "AWS_REGION").stdout == "us-east-1\n"


def test_a_proxy_is_not_asked_for_the_emulator(env: Env) -> None:
    """botocore asks it for 127.0.0.1, too: https://github.com/localstack/localstack/pull/8066."""
    proxy = {"HTTP_PROXY": "http://proxy:3128", "no_proxy": "intranet"}
    assert env("printenv", "NO_PROXY", **proxy).stdout == "127.0.0.1,localhost\n"
    assert env("printenv", "no_proxy", **proxy).stdout == "intranet,127.0.0.1,localhost\n"
    assert "export no_proxy=intranet,127.0.0.1,localhost\n" in env(**proxy).stdout
    assert env("printenv", "NO_PROXY").stdout == ""


def test_a_name_becomes_an_address_so_that_buckets_need_no_name_server(env: Env, localstack: Any) -> None:
    by_name = localstack.endpoint_url.replace("127.0.0.1", "localhost")
    assert env("printenv", "AWS_ENDPOINT_URL", url=f"{by_name}/").stdout == f"{localstack.endpoint_url}\n"


def test_options_input_and_exit_status_are_the_commands(env: Env, base: dict[str, str], localstack: Any) -> None:
    done = env("sh", "-c", 'echo "$@"; exit 7', "sh", "--region", "--help", "--", "-x")
    assert (done.returncode, done.stdout, done.stderr) == (7, "--region --help -- -x\n", "")
    command = [PROGRAM, "env", "--endpoint-url", localstack.endpoint_url, "cat"]
    echoed = subprocess.run(command, env=base, input=b"\x00\xff", capture_output=True, timeout=60, check=False)
    assert echoed.stdout == b"\x00\xff"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_reaches_the_command_and_nothing_stays(
    number: signal.Signals, base: dict[str, str], localstack: Any, tmp_path: Path
) -> None:
    script = "trap 'echo caught; exit 3' TERM HUP; echo ready; while :; do sleep 0.1; done"
    command = [PROGRAM, "env", "--endpoint-url", localstack.endpoint_url, "sh", "-c", script]
    process = subprocess.Popen(command, env=base, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    assert list((tmp_path / "temporary").iterdir())
    process.send_signal(number)
    out, _ = process.communicate(timeout=30)
    assert (process.returncode, out) == (3, "caught\n")
    assert not list((tmp_path / "temporary").iterdir())


def test_ctrl_c_ends_the_command_in_its_own_time(base: dict[str, str], localstack: Any, tmp_path: Path) -> None:
    script = "trap 'sleep 0.5; echo saved; exit 130' INT; echo ready; while :; do sleep 0.1; done"
    command = [PROGRAM, "env", "--endpoint-url", localstack.endpoint_url, "sh", "-c", script]
    process = subprocess.Popen(command, env=base, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    os.killpg(process.pid, signal.SIGINT)  # what a terminal does
    out, _ = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, "saved\n")
    assert not list((tmp_path / "temporary").iterdir())


def test_a_command_that_a_signal_kills_has_a_shells_status(env: Env) -> None:
    assert env("sh", "-c", "kill -KILL $$").returncode == 128 + signal.SIGKILL


def test_exports_can_be_read_by_any_posix_shell(env: Env, tmp_path: Path, localstack: Any) -> None:
    folder = tmp_path / "with 'quotes' and spaces"
    done = env("--data", str(folder), AWS_PROFILE="mine")
    assert done.returncode == 0, done.stderr
    script = f'{done.stdout}\necho "$AWS_ENDPOINT_URL ${{AWS_PROFILE:-none}}"; command -v docker; echo "$DOCKER_CONFIG"'
    shown = subprocess.run(
        ["sh", "-euc", script], env={"PATH": os.environ["PATH"], "AWS_PROFILE": "mine"}, capture_output=True, text=True
    )
    assert shown.stdout.splitlines() == [
        f"{localstack.endpoint_url} none",
        f"{folder}/clients/bin/docker",
        f"{folder}/clients/docker",
    ]
    assert (folder / "clients").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "no emulator runs with the data folder"),
        (("--endpoint-url", "http://127.0.0.1:9"), "no emulator answers at http://127.0.0.1:9"),
        (("--endpoint-url", "nonsense"), "no emulator answers at nonsense"),
    ],
)
def test_without_an_emulator_there_is_a_clear_error(
    options: tuple[str, ...], message: str, base: dict[str, str], tmp_path: Path
) -> None:
    done = subprocess.run([PROGRAM, "env", *options, "true"], env=base, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert message in done.stderr
    assert "next:" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "data").exists()


def test_a_missing_program_is_a_clear_error(env: Env, tmp_path: Path) -> None:
    done = env("no-such-program")
    assert done.returncode == 1
    assert "no-such-program cannot be run" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list((tmp_path / "temporary").iterdir())
