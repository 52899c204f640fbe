"""MiniStack, in its own environment."""

from __future__ import annotations

from benchmarks.rivals import environments
from harness.setup import install
from harness.stack.state import REGION, Stack

LOCK = environments.LOCKS / "ministack.txt"
VENV = environments.VENVS / "ministack"
REMARK = "Runs the Zip in a separate process, with its own interpreter."


def version() -> str:
    """The measured version."""
    return environments.locked_version(LOCK, "ministack")


def start(stack: Stack) -> None:
    """Starts it as the stack's emulator and waits until it answers.

    Args:
        stack: gives the port, the folder, and whether to persist state and restore it at the start.

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
        "TMPDIR": str(scratch),  # otherwise it would leave behind what it unpacks
        "STATE_DIR": str(stack.folder / "state"),
        "S3_DATA_DIR": str(stack.folder / "s3"),
        "S3_PERSIST": str(int(stack.persistent)),
        "PERSIST_STATE": str(int(stack.persistent)),
    }
    environments.start(stack, "MiniStack", VENV, ["-m", "ministack"], settings)
