"""The container engine: Docker's API, the network that functions are in, and what a killed LocalStack left there."""

import functools
import ipaddress
import logging
import os
import re
import socket
from typing import Any

import docker
from docker.errors import DockerException, NotFound

LOG = logging.getLogger(__name__)

# Core's own variable for it; compose and the harness set it. Docker's default network is called "bridge".
NETWORK_VARIABLE = "LAMBDA_DOCKER_NETWORK"
# Whose containers these are: the stack's folder or compose project.
STACK_VARIABLE = "PIPELINE_STACK"
LABEL = "pipeline-emulator.stack"
# Images are pulled by the engine meanwhile, everything else takes well below a second.
_TIMEOUT_SECONDS = 120
_CONNECTIONS = 64


@functools.cache
def client() -> Any:
    """Docker's low-level client, for use from several threads.

    Raises:
        RuntimeError: No engine answers.
    """
    try:
        found = docker.APIClient(
            **docker.utils.kwargs_from_env(), version="auto", timeout=_TIMEOUT_SECONDS, num_pools=_CONNECTIONS
        )
        found.ping()
    except DockerException as error:
        host = os.environ.get("DOCKER_HOST", "its default socket")
        if "Permission" in str(error):
            raise RuntimeError(
                f"user {os.getuid()} with the groups {os.getgroups()} may not use the container engine's socket"
                f" ({host}): set DOCKER_SOCKET_GROUP to the socket's group (stat -c %g /var/run/docker.sock)"
            ) from error
        raise RuntimeError(
            f"no container engine answers at {host}: start it, or mount its socket into LocalStack's container"
            f" ({error})"
        ) from error
    return found


def network() -> str:
    """Name of the network that function containers join."""
    return os.environ.get(NETWORK_VARIABLE) or "bridge"


@functools.cache
def own_address() -> str:
    """LocalStack's address on the functions' network: they find the Runtime API and AWS there, and it is no other's.

    Raises:
        RuntimeError: The network is missing, or LocalStack is not in it.
    """
    try:
        found = client().inspect_network(network())
    except NotFound:
        raise RuntimeError(
            f"{NETWORK_VARIABLE}={network()}: there is no such network: create it, or leave the variable unset"
        ) from None
    if container := _own_container():
        networks = container["NetworkSettings"]["Networks"]
        if found["Name"] not in networks:
            raise RuntimeError(f"LocalStack's container is not in the network {network()}, in which functions run")
        return str(networks[found["Name"]]["IPAddress"])
    # A process of the engine's machine: the bridge's own address, which its containers use as their gateway. The engine
    # gives it the first one of the subnet, and does not always say so.
    settings = found["IPAM"]["Config"][0]
    return str(settings.get("Gateway") or next(ipaddress.ip_network(settings["Subnet"]).hosts()))


def _own_container() -> dict[str, Any] | None:
    """The container LocalStack runs in, or None: Docker names a container's host after its id."""
    name = socket.gethostname()
    if not re.fullmatch(r"[0-9a-f]{12}", name):
        return None
    try:
        container: dict[str, Any] = client().inspect_container(name)
    except NotFound:
        return None
    return container if container["Id"].startswith(name) else None


def labels() -> dict[str, str]:
    """What marks a container of this LocalStack."""
    return {LABEL: os.environ.get(STACK_VARIABLE, "")}


def prepare() -> None:
    """Tells at LocalStack's start what is missing, and clears up; a lack shows again as the function's StateReason."""
    try:
        LOG.info("Lambda containers: in network %s, where LocalStack is %s", network(), own_address())
        remove_leftovers()
    except RuntimeError as error:
        LOG.error("Lambda: %s", error)  # noqa: TRY400 - the message is the remedy


def remove_leftovers() -> None:
    """Removes the function containers of a LocalStack of the same stack that was killed."""
    if not os.environ.get(STACK_VARIABLE):
        return  # without a name, whose they are is not known
    (label,) = [f"{name}={value}" for name, value in labels().items()]
    for container in client().containers(all=True, quiet=True, filters={"label": label}):
        remove(container["Id"])
        LOG.info("removed container %s, which a LocalStack of this stack had left", container["Id"][:12])


def remove(container_id: str) -> None:
    """Kills and removes a container; one that is gone already is no error."""
    try:
        client().remove_container(container_id, force=True, v=True)
    except NotFound:
        pass
    except DockerException as error:
        # "removal of container … is already in progress": somebody else does it.
        LOG.debug("container %s: %s", container_id[:12], error)
