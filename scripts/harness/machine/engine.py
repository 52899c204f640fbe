"""The container engine: whether one can be used, and the containers and images of a stack."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import docker
    from docker.models.containers import Container

ANSWER_SECONDS = 10.0
# For one request: on a busy disk the engine takes minutes to start or remove a container, and others wait for it.
BUSY_SECONDS = 240
# The emulator labels function containers with the value of PIPELINE_STACK.
STACK_LABEL = "pipeline-emulator.stack"
PROJECT_LABEL = "com.docker.compose.project"
SERVICE_LABEL = "com.docker.compose.service"
NO_COMPOSE = (
    "Docker's compose plugin (v2) is not installed (package docker-compose-plugin of Docker's repository, "
    "docker-compose-v2 of Ubuntu's, or https://docs.docker.com/compose/install/)"
)


# Docker's client is imported where it is used: it takes 0.2 s and 18 MB, and most commands need none.


def errors() -> tuple[type[Exception], ...]:
    """Return what a client raises: errors of the engine, and of a connection to an engine that has gone."""
    from docker.errors import DockerException
    from requests.exceptions import RequestException

    return DockerException, RequestException


def has_timed_out(error: Exception) -> bool:
    """Return whether a client raised an error because the engine did not answer in time."""
    from requests.exceptions import Timeout
    from urllib3.exceptions import ReadTimeoutError

    # The second form is of a ConnectionError: the answer began, and does not go on.
    return isinstance(error, Timeout) or any(isinstance(cause, ReadTimeoutError) for cause in error.args)


def missing() -> str | None:
    """Return what the container runtime lacks, as a clause for a message; None if nothing.

    Docker's command line is asked, because it knows the user's contexts.
    """
    compose = ["docker", "compose", "version", "--short"]
    return silent("docker") or _failing(compose, NO_COMPOSE)


def silent(program: str) -> str | None:
    """Return why an engine cannot build images, as a clause for a message; None if it responds.

    Args:
        program: the engine's command line, `docker` or `podman`.
    """
    if program == "podman":
        return _failing(["podman", "info"], "podman does not work here")
    return _failing(["docker", "version", "--format", "{{.Server.Version}}"], "no Docker engine answers")


def _failing(command: list[str], cause: str) -> str | None:
    try:
        done = subprocess.run(command, capture_output=True, timeout=ANSWER_SECONDS, check=False)
    except FileNotFoundError:
        return f"the program '{command[0]}' is not installed"
    except subprocess.TimeoutExpired:
        return f"'{' '.join(command[:2])}' did not answer within {ANSWER_SECONDS:.0f} s"
    return cause if done.returncode != 0 else None


@functools.cache
def client() -> docker.DockerClient:
    """Return a client of the engine that Docker's command line uses."""
    import docker

    if "DOCKER_HOST" not in os.environ:
        command = ["docker", "context", "inspect", "--format", "{{.Endpoints.docker.Host}}"]
        found = subprocess.run(command, capture_output=True, text=True, timeout=ANSWER_SECONDS, check=False)
        if host := found.stdout.strip():
            os.environ["DOCKER_HOST"] = host  # also for child processes
    return docker.from_env(timeout=BUSY_SECONDS)


def containers(label: str, value: str, service: str | None = None, **more: Any) -> list[Container]:
    """Return all containers with a label, running or not; if `service` is given, those of that compose service."""
    wanted = [f"{label}={value}", *([f"{SERVICE_LABEL}={service}"] if service else [])]
    return list(client().containers.list(all=True, filters={"label": wanted, **more}))


def is_running(container_id: str) -> bool:
    """Return whether a container exists and runs."""
    if not container_id:
        return False
    try:
        return bool(client().containers.get(container_id).status == "running")
    except errors():  # the container was removed, or the engine stopped
        return False


def remove(found: list[Container]) -> None:
    """Kill and remove containers; a container that is already gone is no error."""
    for container in found:
        try:
            container.remove(force=True, v=True)
        except errors():
            if is_running(str(container.id)):
                raise


def socket_group(image: str) -> int:
    """Return the group of the engine's socket as a container sees it; it lets LocalStack use the socket without root.

    A container is asked, because with Docker Desktop or a rootless engine the socket has another group there than here.

    Args:
        image: any image with Python.
    """
    socket = os.environ.get("DOCKER_SOCKET") or "/var/run/docker.sock"
    command = ["python3", "-c", "import os; print(os.stat('/socket').st_gid)"]
    return int(
        client().containers.run(
            image, command, entrypoint="", remove=True, network_mode="none", read_only=True, cap_drop=["ALL"],
            volumes=[f"{socket}:/socket:ro"],
        )
    )  # fmt: skip


def remove_labelled(label: str, value: str, keep: str | None = None) -> None:
    """Remove networks and volumes with a label, except the one named `keep`; nothing may use them any more."""
    chosen = {"label": f"{label}={value}"}
    for found in (*client().networks.list(filters=chosen), *client().volumes.list(filters=chosen)):
        if found.name != keep:
            found.remove()


def image_id(name: str) -> str:
    """Return the id of an image, which tells its contents; empty if the engine has none of that name."""
    from docker.errors import ImageNotFound

    try:
        return str(client().images.get(name).id)
    except ImageNotFound:
        return ""


def remove_images(prefix: str) -> None:
    """Remove images by name; layers shared with other images stay.

    Args:
        prefix: start of the names, `<registry>/`.
    """
    from docker.errors import NotFound

    for image in client().images.list():
        names = [*image.tags, *(image.attrs.get("RepoDigests") or [])]
        for name in names:
            if name.startswith(prefix):
                try:
                    client().images.remove(name, force=True)
                except NotFound:
                    continue


def remove_dangling(label: str, value: str) -> None:
    """Remove images with a label that have lost their name, except those that a container uses."""
    from docker.errors import APIError

    for image in client().images.list(filters={"dangling": True, "label": f"{label}={value}"}):
        with contextlib.suppress(APIError):  # in use, or the parent of an image in use
            client().images.remove(image.id)


def logged_in(host: str) -> bool:
    """Return whether Docker's command line has a login for a registry."""
    folder = os.environ.get("DOCKER_CONFIG") or os.path.expanduser("~/.docker")
    try:
        return host in json.loads((Path(folder) / "config.json").read_text()).get("auths", {})
    except (OSError, ValueError, AttributeError):
        return False


def log_out(host: str) -> None:
    """Remove the login for a registry, if there is one."""
    if logged_in(host):
        subprocess.run(["docker", "logout", host], capture_output=True, timeout=ANSWER_SECONDS, check=False)


def remove_other_tags(name: str) -> None:
    """Remove the other tags of an image's repository, except those that a container uses."""
    from docker.errors import APIError

    for image in client().images.list(name.rpartition(":")[0]):
        for tag in image.tags:
            if tag != name:
                with contextlib.suppress(APIError):  # "is being used by running container"
                    client().images.remove(tag)


def stats(container: Container) -> Mapping[str, Any]:
    """Read a container's use of processor and memory once."""
    return dict(client().api.stats(container.id, stream=False, one_shot=True))
