"""ECR's settings, read from the environment."""

import os
from collections.abc import Iterable

from localstack import config, constants

_PORTS: set[str] = set()
_THIS_MACHINE = (constants.LOCALHOST_IP, constants.LOCALHOST, constants.LOCALHOST_HOSTNAME)


def registry_url() -> str | None:
    """Return the registry's base URL as LocalStack reaches it (PIPELINE_ECR_REGISTRY_URL); None without a registry."""
    return os.environ.get("PIPELINE_ECR_REGISTRY_URL", "").rstrip("/") or None


def public_host(asked: str) -> str:
    """Return the `host:port` at which clients and the container engine reach the gateway.

    It is LOCALSTACK_HOST. If that is this machine itself, its port is the one that a client on this machine asked, if
    the gateway has it: engines publish it under any number. Others are not taken from the request, or the engine would
    send the registry's password there. Engines use HTTP without TLS only for 127.0.0.0/8, so the loopback address
    stands for names that mean the same.

    Args:
        asked: the request's Host.
    """
    default = config.LOCALSTACK_HOST
    if default.host not in _THIS_MACHINE:
        return str(default)
    host, _, port = asked.rpartition(":")
    known = host in _THIS_MACHINE and port in _PORTS | {str(each.port) for each in config.GATEWAY_LISTEN}
    return f"{constants.LOCALHOST_IP}:{port if known else default.port}"


def add_ports(published: Iterable[str]) -> None:
    """Add ports of the engine's machine that lead to the gateway."""
    _PORTS.update(published)
