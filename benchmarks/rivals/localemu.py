"""LocalEmu, a fork of LocalStack's core, without this repository's plugin except for what runs the function."""

from __future__ import annotations

from pathlib import Path

from benchmarks.rivals import environments
from harness import environment, localstack, paths, processes, setup
from harness.stack import Stack

LOCK = environments.LOCKS / "localemu.txt"
VENV = environments.VENVS / "localemu"
BRIDGE = environments.BRIDGES / "localemu"
ENTRY_POINTS = """\
[localemu.lambda.runtime_executor]
process = localemu_executor:Plugin
"""
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
    setup.locked_environment(f"LocalEmu {version()}", VENV, LOCK)
    plugins = stack.folder / "plugins"
    environments.write_plugins(plugins, ENTRY_POINTS)
    ports = processes.free_ports(1)[0]
    settings = {
        "GATEWAY_LISTEN": f"127.0.0.1:{stack.port}",
        "LOCALEMU_HOST": f"127.0.0.1:{stack.port}",
        "FILESYSTEM_ROOT": str(stack.folder / "localemu"),
        "LOCALEMU_VOLUME_DIR": str(stack.folder / "volume"),
        "OVERRIDE_IN_DOCKER": "0",
        "XDG_CACHE_HOME": str(stack.folder / "cache"),
        "DISABLE_EVENTS": "1",
        "SKIP_SSL_CERT_DOWNLOAD": "1",
        "DNS_ADDRESS": "0",
        "PERSISTENCE": str(int(stack.persistent)),
        "LAMBDA_RUNTIME_EXECUTOR": "process",
        "EXTERNAL_SERVICE_PORTS_START": str(ports),
        "EXTERNAL_SERVICE_PORTS_END": str(ports + 50),
        "PIPELINE_LAMBDA_RUNTIME_DIR": str(paths.LAMBDA_RUNTIME),
        "PYTHONPATH": f"{plugins}:{BRIDGE}",
        processes.MARKER: str(stack.folder),
        "PYTHONUNBUFFERED": "1",
    }
    command: list[str | Path] = [VENV / "bin" / "python", "-m", "localemu.runtime.main"]
    localstack.launch(stack, "LocalEmu", command, environment.for_emulator(**settings), health="/_localemu/health")
