"""LocalEmu, a fork of LocalStack's core, without this repository's plugin except for what runs the function."""

from __future__ import annotations

from benchmarks.rivals import environments
from harness.setup import install
from harness.stack.state import Stack

LOCK = environments.LOCKS / "localemu.txt"
VENV = environments.VENVS / "localemu"
BRIDGE = environments.BRIDGES / "localemu"
REMARK = (
    "Its own executor needs Docker and AWS's image, so the function runs in the embedded runtime's process executor, "
    "which finds LocalEmu's modules under LocalStack's names."
)


def version() -> str:
    """The measured version."""
    return environments.locked_version(LOCK, "localemu")


def start(stack: Stack) -> None:
    """Starts it as the stack's emulator and waits until it answers.

    Args:
        stack: gives the port, the folder, and whether to persist state and restore it at the start.

    Raises:
        HarnessError: it could not be installed or started.
    """
    install.locked_environment(f"LocalEmu {version()}", VENV, LOCK)
    settings = {
        "LOCALEMU_VOLUME_DIR": str(stack.folder / "volume"),
        "PERSISTENCE": str(int(stack.persistent)),
    }
    environments.start_localstack(stack, "LocalEmu", VENV, "localemu", BRIDGE, settings)
