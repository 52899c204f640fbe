"""The programs `docker` and `aws` of `pipeline-emulator env` before a user's own, which print what they get.

That the engine, the registry and AWS's own command line then work is proved in tests/containers/test_clients.py.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline_emulator.clients import folder

PRINT = f"""\
#!{sys.executable}
import json, os, sys
print(json.dumps([sys.argv[1:], "" if sys.stdin.isatty() else sys.stdin.read()]))
sys.exit(int(os.environ.get("STATUS", "0")))
"""
Call = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def users(tmp_path: Path) -> Path:
    """The user's folder of programs, in which docker and aws print their arguments and input."""
    programs = tmp_path / "users"
    programs.mkdir()
    for name in folder.PROGRAMS:
        (programs / name).write_text(PRINT)
        (programs / name).chmod(0o755)
    return programs


@pytest.fixture
def call(localstack: Any, users: Path, tmp_path: Path) -> Call:
    """Return a function that runs a program of the PATH."""
    path = os.pathsep.join([str(users), "/usr/bin", "/bin"])
    made = folder.make(tmp_path / "ours", {"PATH": path, "HOME": str(tmp_path)})
    base = {**made, "AWS_ENDPOINT_URL": localstack.endpoint_url}

    def run(*command: str, **variables: str | None) -> subprocess.CompletedProcess[str]:
        env = {name: value for name, value in {**base, **variables}.items() if value is not None}
        path = next(each for each in env["PATH"].split(":") if (Path(each) / command[0]).is_file())
        return subprocess.run(
            [f"{path}/{command[0]}", *command[1:]],
            env=env, cwd=tmp_path, input="from stdin", capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    return run


@pytest.fixture
def arguments(call: Call) -> Callable[..., list[str]]:
    """Return a function that returns what the user's program gets."""

    def run(*command: str, **variables: str | None) -> list[str]:
        done = call(*command, **variables)
        assert done.returncode == 0, done.stderr
        handed, stdin = json.loads(done.stdout)
        assert stdin == "from stdin"
        return list(handed)

    return run
