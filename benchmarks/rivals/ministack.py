"""MiniStack, from an environment of its own."""

from __future__ import annotations

from benchmarks.rivals import environments
from harness.local import localstack
from harness.machine import environment, processes
from harness.setup import install
from harness.stack.state import REGION, Stack

LOCK = environments.LOCKS / "ministack.txt"
VENV = environments.VENVS / "ministack"
REMARK = "Runs the Zip in a process of its own, with its own interpreter."


def version() -> str:
    """The version that is measured."""
    return environments.locked_version(LOCK, "ministack")


def start(stack: Stack) -> None:
    """Starts it as the stack's emulator and waits until it answers.

    Args:
        stack: names port and folder, and whether to keep state on disk and to start with what is there.

    Raises:
        HarnessError: it could not be installed or started.
    """
    install.locked_environment(f"MiniStack {version()}", VENV, LOCK)
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
        "S3_PERSIST": str(int(stack.persistent)),
        "PERSIST_STATE": str(int(stack.persistent)),
        processes.MARKER: str(stack.folder),
        "PYTHONUNBUFFERED": "1",
    }
    localstack.launch(
        stack, "MiniStack", [VENV / "bin" / "python", "-m", "ministack"], environment.for_emulator(**settings)
    )
