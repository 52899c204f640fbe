"""LocalStack's open core without this repository's plugin, but for what runs the function."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from benchmarks.rivals import environments
from harness import console, localstack, paths, setup
from harness.clients import Clients
from harness.stack import Stack
from harness.waiting import poll

LOCK = paths.EMULATOR / "requirements.txt"
VENV = environments.VENVS / "core"
# Of our plugin only: core can run functions in containers alone, from an image and a program that it downloads; and
# its gateway listens on every interface.
ENTRY_POINTS = """\
[localstack.lambda.runtime_executor]
process = pipeline_emulator.lambda_runtime.plugins:ProcessRuntimeExecutorPlugin
[localstack.runtime.server]
bound = pipeline_emulator.gateway.plugins:BoundRuntimeServerPlugin
"""
REMARK = (
    "Its own Kinesis server (Node) and event source poller. Its own executor needs Docker, AWS's image and a program "
    "that it downloads, so the function runs in the embedded runtime's process executor."
)
KINESIS_DEADLINE = 60.0


def version() -> str:
    """The version that is measured: the one that our emulator builds on."""
    return environments.locked_version(LOCK, "localstack-core")


def start(stack: Stack) -> None:
    """Starts it as the stack's emulator and waits until it answers.

    Raises:
        HarnessError: it could not be installed or started.
    """
    setup.locked_environment(f"LocalStack core {version()}", VENV, LOCK)
    plugins = stack.folder / "plugins"
    environments.write_plugins(plugins, ENTRY_POINTS)
    _install_kinesis(stack)
    settings = localstack.settings(stack) | {
        "PYTHONPATH": str(plugins),
        "NODE_OPTIONS": f"--require {paths.EMULATOR / environments.PACKAGE / 'kinesis' / 'loopback.cjs'}",
    }
    command: list[str | Path] = [VENV / "bin" / "python", "-m", "localstack.runtime.main"]
    localstack.launch(stack, "LocalStack core", command, settings)
    with console.step("Its Kinesis server"):  # until it is up, core answers all requests but the first with an error
        poll(lambda: _kinesis_answers(stack), "an answer of core's Kinesis", KINESIS_DEADLINE, 0.5)


def _install_kinesis(stack: Stack) -> None:
    """Puts the server where core's installer looks before it downloads one, below FILESYSTEM_ROOT."""
    packages = json.loads((paths.EMULATOR / "package.json").read_text())["dependencies"]
    folder = stack.folder / "localstack/var/lib/localstack/lib/kinesis-local"
    folder.mkdir(parents=True)
    (folder / packages["kinesis-local"]).symlink_to(paths.KINESIS_DIR)


def _kinesis_answers(stack: Stack) -> bool:
    with suppress(ClientError, BotoCoreError):
        Clients(stack).kinesis.list_streams()
        return True
    return False
