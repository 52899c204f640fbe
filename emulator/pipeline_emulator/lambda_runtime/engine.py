"""The container engine: its client, the functions' network, and containers that a killed LocalStack left behind."""

import contextlib
import functools
import ipaddress
import logging
import os
import re
import socket
from typing import Any

import docker
from docker.errors import DockerException, ImageNotFound, NotFound
from localstack import config

from pipeline_emulator.ecr import settings
from pipeline_emulator.lambda_runtime.origins import ENVIRONMENTS

LOG = logging.getLogger(__name__)

# Core's own variable for the functions' network; compose and the harness set it. Docker's default network is "bridge".
NETWORK_VARIABLE = "LAMBDA_DOCKER_NETWORK"
# The owner of the containers: the stack's folder or compose project.
STACK_VARIABLE = "PIPELINE_STACK"
LABEL = "pipeline-emulator.stack"
# For pulling images; everything else takes well below a second.
_TIMEOUT_SECONDS = 120
_CONNECTIONS = 64


@functools.cache
def client() -> Any:
    """Return Docker's low-level client, for use by several threads.

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


def answers() -> bool:
    """Return whether LocalStack may use a container engine."""
    try:
        client()
    except RuntimeError:
        return False
    return True


def obstacle() -> str | None:
    """Return why functions could not run in containers; None if an engine answers and they could reach LocalStack."""
    try:
        own_address()
    except RuntimeError as error:
        return str(error)
    return None


def find_image(name: str) -> dict[str, Any] | None:
    """Return the engine's description of an image, or None if it does not have it."""
    try:
        found: dict[str, Any] = client().inspect_image(name)
    except ImageNotFound:
        return None
    return found


def network() -> str:
    """Return the name of the network that function containers join."""
    return os.environ.get(NETWORK_VARIABLE) or "bridge"


@functools.cache
def own_address() -> str:
    """Return LocalStack's address in the functions' network, where they reach the Runtime API and AWS.

    Raises:
        RuntimeError: The network is missing, LocalStack is not in it, or it does not listen there.
    """
    address = _own_address()
    listens = [each.host for each in config.GATEWAY_LISTEN]
    if not {address, "0.0.0.0"} & set(listens):  # noqa: S104 - compared
        raise RuntimeError(
            f"functions in containers reach LocalStack at {address}, but it listens at {', '.join(listens)} only: start"
            f" it with --host {','.join([*listens, address])}"
        )
    return address


def _own_address() -> str:
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
    # LocalStack runs on the engine's machine: use the bridge's own address, which is the gateway of its containers and
    # the first address of the subnet. The engine does not always report it.
    settings = found["IPAM"]["Config"][0]
    return str(settings.get("Gateway") or next(ipaddress.ip_network(settings["Subnet"]).hosts()))


def gateways() -> list[str]:
    """Return the addresses at which LocalStack sees requests from the engine's machine itself."""
    container = _own_container()
    networks = container["NetworkSettings"]["Networks"].values() if container else ()
    return ["127.0.0.1", own_address(), *(found["Gateway"] for found in networks if found.get("Gateway"))]


def published_ports() -> list[str]:
    """Return the ports of the engine's machine that lead to LocalStack's container; none if it runs in no container."""
    container = _own_container()
    ports = (container or {}).get("NetworkSettings", {}).get("Ports") or {}
    inside = {f"{each.port}/tcp" for each in config.GATEWAY_LISTEN}
    return [entry["HostPort"] for name in inside for entry in ports.get(name) or []]


def _own_container() -> dict[str, Any] | None:
    """Return the container LocalStack runs in, or None. Docker uses a container's id as its host name."""
    name = socket.gethostname()
    if not re.fullmatch(r"[0-9a-f]{12}", name):
        return None
    try:
        container: dict[str, Any] = client().inspect_container(name)
    except NotFound:
        return None
    return container if container["Id"].startswith(name) else None


def address_of(container_id: str) -> str:
    """Return the address of a function's container in the functions' network; empty if it has already ended."""
    networks = client().inspect_container(container_id)["NetworkSettings"]["Networks"]
    return str(networks.get(network(), {}).get("IPAddress", ""))


def labels() -> dict[str, str]:
    """Return the labels that mark a container of this LocalStack."""
    return {LABEL: os.environ.get(STACK_VARIABLE, "")}


def prepare(*, needed: bool) -> None:
    """Log at LocalStack's start what is missing, and remove leftovers. A function's StateReason repeats it.

    Args:
        needed: whether every function runs in a container; otherwise an engine is not missed.
    """
    try:
        LOG.info("Lambda containers run in network %s, where LocalStack is %s", network(), own_address())
        ENVIRONMENTS.set_gateways(gateways())
        settings.add_ports(published_ports())
        remove_leftovers()
    except RuntimeError as error:
        if needed:
            LOG.error("Lambda: %s", error)  # noqa: TRY400 - the message is the remedy
        else:
            LOG.info("Lambda: functions from images cannot run: %s", error)


def remove_leftovers() -> None:
    """Remove the function containers that a killed LocalStack of the same stack left behind, and their own images."""
    if not os.environ.get(STACK_VARIABLE):
        return  # without a name, their owner is unknown
    (label,) = [f"{name}={value}" for name, value in labels().items()]
    for container in client().containers(all=True, quiet=True, filters={"label": label}):
        remove(container["Id"])
        LOG.info("removed container %s, left by a LocalStack of this stack", container["Id"][:12])
    for image in client().images(quiet=True, filters={"label": label, "dangling": True}):
        with contextlib.suppress(DockerException):  # another image is made from it
            client().remove_image(image)


def remove(container_id: str) -> None:
    """Kill and remove a container. It is not an error if it is already gone."""
    try:
        client().remove_container(container_id, force=True, v=True)
    except NotFound:
        pass
    except DockerException as error:
        # "removal of container … is already in progress"
        LOG.debug("container %s: %s", container_id[:12], error)
