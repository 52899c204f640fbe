"""MiniStack, from an environment of its own."""

from __future__ import annotations

from contextlib import AbstractContextManager

from harness import environment, localstack, paths, processes, setup
from harness.bench import rivals
from harness.stack import REGION, Stack

LOCK = paths.SCRIPTS / "bench" / "ministack.txt"
VENV = rivals.FOLDER / "ministack"
REMARK = "Runs the Zip in a process of its own, with its own interpreter."


def version() -> str:
    """The version that is measured."""
    return rivals.locked_version(LOCK, "ministack")


def opened() -> AbstractContextManager[Stack]:
    """A stack on MiniStack (see `rivals.deployed`)."""
    return rivals.deployed("ministack", _start)


def _start(stack: Stack) -> None:
    setup.locked_environment(f"MiniStack {version()}", VENV, LOCK)
    scratch = stack.folder / "tmp"
    scratch.mkdir(parents=True, exist_ok=True)
    settings = {
        "GATEWAY_PORT": str(stack.port),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_REGION": REGION,
        "LAMBDA_EXECUTOR": "local",
        "TMPDIR": str(scratch),  # else what it unpacks would be left behind
        "STATE_DIR": str(stack.folder / "state"),
        "S3_DATA_DIR": str(stack.folder / "s3"),
        processes.MARKER: str(stack.folder),
        "PYTHONUNBUFFERED": "1",
    }
    localstack.launch(
        stack, "MiniStack", [VENV / "bin" / "python", "-m", "ministack"], environment.for_localstack(**settings)
    )
