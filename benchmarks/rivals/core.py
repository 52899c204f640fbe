"""LocalStack's open core, without this repository's plugin except for the part that runs the function."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType

from botocore.exceptions import BotoCoreError, ClientError

from benchmarks.rivals import environments
from harness import console, paths
from harness.machine.waiting import poll
from harness.setup import install
from harness.stack.clients import Clients
from harness.stack.state import Stack

LOCK = paths.EMULATOR / "requirements.txt"
VENV = environments.VENVS / "core"
KINESIS = Path(__file__).parent / "core_kinesis"
KINESIS_PACKAGES = environments.VENVS / "core-kinesis"
# Core gets two of our plugins: it runs functions only in containers, from an image and a program that it downloads, and
# its gateway listens on every interface.
BRIDGE = environments.BRIDGES / "core"
REMARK = (
    "Its own Kinesis server (Node) and event source poller. Its own executor needs Docker, AWS's image and a program "
    "that it downloads, so the function runs in the embedded runtime's process executor."
)
KINESIS_DEADLINE = 60.0


def version() -> str:
    """The measured version, which is the one that our emulator builds on."""
    return environments.locked_version(LOCK, "localstack-core")


def start(stack: Stack, more: Mapping[str, str] = MappingProxyType({})) -> None:
    """Starts it as the stack's emulator and waits until it answers.

    Args:
        stack: as for `environments.start`.
        more: further variables of LocalStack.

    Raises:
        HarnessError: it could not be installed or started.
    """
    install.locked_environment(f"LocalStack core {version()}", VENV, LOCK)
    install_kinesis()
    _show_kinesis(stack)
    settings = {
        "GATEWAY_SERVER": "bound",
        "EAGER_SERVICE_LOADING": "0",
        "KINESIS_PERSISTENCE": "0",
        "NODE_OPTIONS": f"--require {KINESIS / 'loopback.cjs'}",
        **more,
    }
    environments.start_localstack(stack, "LocalStack core", VENV, "localstack", BRIDGE, settings)
    with console.step("Its Kinesis server"):  # until it is up, core answers every request but the first with an error
        poll(lambda: _kinesis_answers(stack), "an answer of core's Kinesis", KINESIS_DEADLINE, 0.5)


def install_kinesis() -> None:
    """Installs core's Kinesis server from its lock file; fast if already installed.

    Raises:
        HarnessError: Node.js or npm is missing, or npm failed.
    """
    install.require_program("node", "Node.js 18 or later, which runs core's Kinesis server; nothing else needs it")
    install.require_program("npm", "npm, which installs core's Kinesis server; nothing else needs it")
    files = [KINESIS / name for name in ("package.json", "package-lock.json")]
    with install.exclusive("setup"), install.Part("core's Kinesis server", KINESIS_PACKAGES, files) as part:
        if part.needed:
            KINESIS_PACKAGES.mkdir(parents=True)
            for file in files:
                shutil.copy(file, KINESIS_PACKAGES)
            install.run("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", KINESIS_PACKAGES)


def _show_kinesis(stack: Stack) -> None:
    """Puts the server below FILESYSTEM_ROOT, where core's installer looks before it downloads one."""
    packages = json.loads((KINESIS / "package.json").read_text())["dependencies"]
    folder = stack.folder / "localstack/var/lib/localstack/lib/kinesis-local"
    folder.mkdir(parents=True)
    (folder / packages["kinesis-local"]).symlink_to(KINESIS_PACKAGES)


def _kinesis_answers(stack: Stack) -> bool:
    with suppress(ClientError, BotoCoreError):
        Clients(stack).kinesis.list_streams()
        return True
    return False
