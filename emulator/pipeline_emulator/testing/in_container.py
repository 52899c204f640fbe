"""The emulator's image, started for tests: `--emulator=docker`."""

import contextlib
import time
import uuid
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import docker
from docker.errors import APIError, DockerException, ImageNotFound

from pipeline_emulator.launcher.errors import EmulatorError
from pipeline_emulator.launcher.instance import HEALTH, direct
from pipeline_emulator.settings import SETTINGS
from pipeline_emulator.testing import reaper

GATEWAY = "4566/tcp"
ENGINE = "engine"
"""Besides the names in `SETTINGS`: True lets the emulator start containers for functions from images."""
_SOCKET = Path("/var/run/docker.sock")
_START_SECONDS, _ANSWER_SECONDS, _PAUSE_SECONDS, _LINES = 120.0, 5.0, 0.1, 40


@contextlib.contextmanager
def started(image: str, settings: Mapping[str, object]) -> Iterator[tuple[str, Any]]:
    """Start a container of the emulator on a free port of the loopback address, and remove it at the end.

    Args:
        image: its image; empty for the one with this package's version.
        settings: by name in `SETTINGS`, and `engine`.

    Yields:
        The endpoint, and the container of docker's library.

    Raises:
        EmulatorError: there is no engine or image, a setting is unknown, or it does not answer.
    """
    image = image or f"pipeline-emulator:{version('pipeline-emulator')}"
    arguments, name = _arguments(settings), f"pipeline-emulator-{uuid.uuid4().hex[:12]}"
    with reaper.watching(name):
        try:
            client = docker.from_env()
            _find(client, image)
            container = client.containers.run(image, detach=True, name=name, **arguments)
        except DockerException as error:
            cause = f"--emulator=docker needs a Docker engine: {error}"
            raise EmulatorError(cause, "start one, or use embedded") from None
        yield _endpoint(container), container


def _find(client: docker.DockerClient, image: str) -> None:
    """Pull an image unless the engine has it.

    Raises:
        EmulatorError: it can neither be found nor pulled.
    """
    with contextlib.suppress(ImageNotFound):
        client.images.get(image)
        return
    try:
        client.images.pull(image)
    except APIError as error:
        cause = f"there is no image {image}, and it cannot be pulled: {error.explanation}"
        raise EmulatorError(cause, "build it, or name another: --emulator=docker:IMAGE") from None


def _arguments(settings: Mapping[str, object]) -> dict[str, Any]:
    variables = {setting.name: setting.variable for setting in SETTINGS}
    if unknown := [name for name in settings if name not in variables and name != ENGINE]:
        raise EmulatorError(f"there is no setting {unknown[0]}", f"use one of {', '.join(sorted(variables))}, {ENGINE}")
    values = {"faults": True, **{name: value for name, value in settings.items() if name != ENGINE}}
    given = {variables[name]: _text(value) for name, value in values.items()}
    arguments: dict[str, Any] = {"environment": given, "ports": {GATEWAY: ("127.0.0.1", None)}}
    if settings.get(ENGINE):
        arguments |= {"volumes": {str(_SOCKET): {"bind": str(_SOCKET), "mode": "rw"}}}
        arguments["group_add"] = [_SOCKET.stat().st_gid]
    return arguments


def _text(value: object) -> str:
    return str(int(value)) if isinstance(value, bool) else str(value)


def _endpoint(container: Any) -> str:
    """Wait until the emulator answers, and return its URL."""
    deadline = time.monotonic() + _START_SECONDS
    while True:
        container.reload()
        if ports := container.ports.get(GATEWAY):
            endpoint = f"http://127.0.0.1:{ports[0]['HostPort']}"
            with contextlib.suppress(OSError), direct.open(f"{endpoint}{HEALTH}", timeout=_ANSWER_SECONDS):
                return endpoint
        if container.status == "exited" or time.monotonic() > deadline:
            raise EmulatorError(f"the emulator's container does not answer:\n{log(container)}", "see its log above")
        time.sleep(_PAUSE_SECONDS)


def log(container: Any) -> str:
    """Return the end of a container's log."""
    return str(container.logs(tail=_LINES).decode(errors="replace"))
