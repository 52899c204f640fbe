"""Starts the rivals, each in its own locked environment; LocalStack's core and its fork get some plugins of ours."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from harness import paths
from harness.local import localstack
from harness.machine import environment, ports
from harness.stack.state import Stack

VENVS = paths.CACHE / "rivals"
PACKAGE = "pipeline_emulator"
LOCKS = Path(__file__).parent / "locks"
BRIDGES = Path(__file__).parent / "bridges"


def locked_version(lock: Path, package: str) -> str:
    """The version of a package in a lock file."""
    found = re.search(rf"^{re.escape(package)}(?:\[.*\])?==([^ ;\\]+)", lock.read_text(), re.MULTILINE)
    assert found, f"{package} is not in {lock}"
    return found[1]


def start(
    stack: Stack,
    title: str,
    venv: Path,
    program: Sequence[str | Path],
    settings: Mapping[str, str],
    health: str = localstack.HEALTH,
) -> None:
    """Starts a rival as the stack's emulator and waits until it answers.

    Args:
        stack: gives the port, the folder, and whether to persist state and restore it at the start.
        title: the rival's name.
        venv: its environment.
        program: arguments for the environment's Python.
        settings: the rival's variables.
        health: path of its health endpoint.

    Raises:
        HarnessError: it could not be started.
    """
    variables = environment.for_emulator(**settings, **localstack.marker(stack), PYTHONUNBUFFERED="1")
    localstack.launch(stack, title, [venv / "bin" / "python", *program], variables, health=health)


def start_localstack(
    stack: Stack, title: str, venv: Path, package: str, bridge: Path, settings: Mapping[str, str]
) -> None:
    """Starts LocalStack's core, or a fork of it, with our process executor, and waits until it answers.

    Args:
        stack: as for `start`.
        title: as for `start`.
        venv: as for `start`.
        package: `localstack`, or what the fork calls its package, variables and endpoints instead.
        bridge: folder with `start.py`, which starts it, and the entry points of the plugins that it gets from us.
        settings: more variables, for this emulator only.

    Raises:
        HarnessError: it could not be started.
    """
    program = write_plugins(stack.folder / "plugins", bridge)
    first = ports.free_ports(1)[0]
    common = {
        "GATEWAY_LISTEN": f"127.0.0.1:{stack.port}",
        f"{package.upper()}_HOST": f"127.0.0.1:{stack.port}",
        "FILESYSTEM_ROOT": str(stack.folder / package),
        "OVERRIDE_IN_DOCKER": "0",
        "XDG_CACHE_HOME": str(stack.folder / "cache"),
        "DISABLE_EVENTS": "1",
        "SKIP_SSL_CERT_DOWNLOAD": "1",
        "DNS_ADDRESS": "0",
        "LAMBDA_RUNTIME_EXECUTOR": "process",
        "EXTERNAL_SERVICE_PORTS_START": str(first),
        "EXTERNAL_SERVICE_PORTS_END": str(first + 50),
        "PIPELINE_LAMBDA_RUNTIME_DIR": str(paths.LAMBDA_RUNTIME),
    }
    start(stack, title, venv, [program], {**common, **settings}, f"/_{package}/health")


def write_plugins(folder: Path, bridge: Path) -> Path:
    """Makes a folder with a bridge, our package's code, and metadata that names the bridge's plugins only.

    Python puts the folder of the program that it runs on its path, and so finds them.

    Args:
        folder: to make.
        bridge: as for `start_localstack`.

    Returns:
        The program to run.
    """
    info = folder / f"{PACKAGE}-0.dist-info"
    info.mkdir(parents=True, exist_ok=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {PACKAGE}\nVersion: 0\n")
    shutil.copy(bridge / "entry_points.txt", info)
    for module in bridge.glob("*.py"):
        shutil.copy(module, folder)
    package = folder / PACKAGE
    package.unlink(missing_ok=True)
    package.symlink_to(paths.EMULATOR / PACKAGE)
    return folder / "start.py"
