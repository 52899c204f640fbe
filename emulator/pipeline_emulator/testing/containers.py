"""The emulator's image for testcontainers: `pip install pipeline-emulator[testcontainers]`.

`PipelineEmulatorContainer` takes the place of testcontainers' `LocalStackContainer`, and is one.
"""

import contextlib
import os
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self

from testcontainers.community.localstack import LocalStackContainer
from testcontainers.core.config import ConnectionMode
from testcontainers.core.container import DockerContainer

from pipeline_emulator.launcher.errors import EmulatorError
from pipeline_emulator.launcher.instance import HEALTH, direct
from pipeline_emulator.settings import SETTINGS
from pipeline_emulator.testing.emulator import Emulator

__all__ = ["PipelineEmulatorContainer"]

START_SECONDS = 120.0
_ANSWER_SECONDS, _PAUSE_SECONDS, _LINES = 5.0, 0.1, 20
_LOCAL = ("localhost", "127.0.0.1")
_SOCKET = Path("/var/run/docker.sock")


class PipelineEmulatorContainer(LocalStackContainer):
    """A container of the emulator.

    Args:
        image: its image; by default the one with this package's version.
        region_name: region of clients; by default AWS_DEFAULT_REGION, or us-east-1.
        kwargs: further arguments of `DockerContainer`.
    """

    def __init__(self, image: str | None = None, region_name: str | None = None, **kwargs: Any) -> None:
        image = image or f"pipeline-emulator:{version('pipeline-emulator')}"
        region = region_name or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
        super().__init__(image, region_name=region, **kwargs)
        client = self.get_docker_client()
        if client.get_connection_mode() is ConnectionMode.docker_host and client.host() in _LOCAL:  # not from elsewhere
            self.ports[str(self.edge_port)] = ("127.0.0.1", None)  # type: ignore[assignment]  # docker-py takes it

    def with_settings(self, **settings: object) -> Self:
        """Set settings of the emulator by their names in `pipeline_emulator.SETTINGS`, such as `persistence=True`.

        Raises:
            EmulatorError: there is no such setting.
        """
        variables = {setting.name: setting.variable for setting in SETTINGS}
        for name, value in settings.items():
            if name not in variables:
                raise EmulatorError(f"there is no setting {name}", f"use one of {', '.join(sorted(variables))}")
            self.with_env(variables[name], str(int(value)) if isinstance(value, bool) else str(value))
        return self

    def with_engine(self, socket: Path = _SOCKET) -> Self:
        """Let it start containers for functions from images. Access to the engine's socket is as good as root."""
        self.with_volume_mapping(str(socket), str(_SOCKET), "rw")
        groups = [*self._kwargs.get("group_add", []), socket.stat().st_gid]
        return self.with_kwargs(**{**self._kwargs, "group_add": groups})

    def start(self, timeout: float = START_SECONDS) -> Self:
        """Start it, and wait until it answers.

        Raises:
            EmulatorError: it has ended, or does not answer within `timeout` seconds; the message has its last words.
        """
        DockerContainer.start(self)
        deadline = time.monotonic() + timeout
        while not self._answers():
            container = self.get_wrapped_container()
            container.reload()
            if container.status == "exited" or time.monotonic() > deadline:
                last = "\n".join(container.logs(tail=_LINES).decode(errors="replace").splitlines())
                raise EmulatorError(f"the emulator's container does not answer:\n{last}", "see its last lines above")
            time.sleep(_PAUSE_SECONDS)
        return self

    def _answers(self) -> bool:
        with contextlib.suppress(OSError), direct.open(f"{self.get_url()}{HEALTH}", timeout=_ANSWER_SECONDS):
            return True
        return False

    def get_client(self, name: str, **kwargs: Any) -> Any:  # type: ignore[override]
        """Return a boto3 client of the account's root user; arguments are those of `boto3.client`."""
        return Emulator(self.get_url(), self.region_name).client(name, **kwargs)
