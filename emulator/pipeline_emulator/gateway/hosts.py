"""The names under which this emulator is reached: those that a request's Host and a page's Origin may have."""

import contextlib
import functools
import ipaddress
import os
import re
import socket
import struct
import time
from collections.abc import Iterable
from pathlib import Path

import psutil
from localstack import config
from localstack.constants import LOCALHOST, LOCALHOST_HOSTNAME

VARIABLE = "PIPELINE_ALLOWED_HOSTS"
# Container engines resolve these to the machine they run on; nobody can register a name under .internal.
_ENGINE_NAMES = ("host.docker.internal", "gateway.docker.internal", "host.containers.internal")
_AUTHORITY = re.compile(r"(?:\[(?P<v6>[0-9a-f:.]+)\]|(?P<name>[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?)\.?)(?::\d{1,5})?")
_FUNCTION_URL = re.compile(r"([^.]+)\.lambda-url\.([a-z0-9-]+)\..+")
_MAX_KEPT = 1000
_ANY = "00000000"
_REFRESH_SECONDS = 1.0

type Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class AllowedHosts:
    """Decides whether a host is one of this emulator's. Thread-safe."""

    def __init__(self, names: Iterable[str]) -> None:
        """Allow loopback, this machine's addresses, and `names` (also addresses) with their subdomains."""
        parsed = [(name.strip().strip(".").lower(), _address(name.strip())) for name in names]
        self._names = frozenset(name for name, address in parsed if name and address is None)
        self._given = frozenset(address for _, address in parsed if address)
        self._own: frozenset[Address] = frozenset()
        self._read_at = float("-inf")
        self._known: set[str] = set()

    def allow(self, authority: str | None) -> bool:
        """Return whether a host with an optional port, as in a Host header, is allowed.

        Ports are not compared: engines publish the gateway's port under other numbers.
        """
        if authority in self._known:
            return True
        host = host_of(authority)
        if not host or not self._is_own(host):
            return False
        if len(self._known) >= _MAX_KEPT:  # many buckets have a host each
            self._known = set()
        self._known.add(str(authority))
        return True

    def _is_own(self, host: str) -> bool:
        address = _address(host)
        if address is None:
            return any(host == name or host.endswith(f".{name}") for name in self._names)
        # No rebinding without a name: a page that is sent to an address really comes from there.
        return address.is_loopback or address in self._given or address in self._own_addresses()

    def _own_addresses(self) -> frozenset[Address]:
        """Return the addresses of this machine, or container. They change: networks are joined and left."""
        if time.monotonic() - self._read_at > _REFRESH_SECONDS:
            found = [entry.address.partition("%")[0] for each in psutil.net_if_addrs().values() for entry in each]
            self._own = frozenset(address for each in found if (address := _address(each)))
            self._read_at = time.monotonic()
        return self._own


def host_of(authority: str | None) -> str | None:
    """Return the host in lower case, without port, brackets and final dot; None if the text is no host and port."""
    found = _AUTHORITY.fullmatch((authority or "").lower())
    return (found["v6"] or found["name"]) if found else None


def function_url_of(authority: str | None) -> tuple[str, str] | None:
    """Return id and region of the function URL that a Host header names, or None."""
    if ".lambda-url." not in (authority or "").lower():  # almost always
        return None
    found = _FUNCTION_URL.fullmatch(host_of(authority) or "")
    return (found[1], found[2]) if found else None


@functools.cache
def allowed() -> AllowedHosts:
    """Return the hosts of this LocalStack: the settings are read once."""
    return AllowedHosts(
        [
            *(LOCALHOST, LOCALHOST_HOSTNAME, config.LOCALSTACK_HOST.host, socket.gethostname()),
            *_ENGINE_NAMES,
            *(engine_addresses() if config.is_in_docker else ()),
            *os.environ.get(VARIABLE, "").split(","),
        ]
    )


def engine_addresses(routes: Path = Path("/proc/net/route")) -> list[str]:
    """Return the container's default gateways: the machine that publishes its port, as other containers see it.

    Args:
        routes: the kernel's table of IPv4 routes, with addresses in hexadecimal and the machine's byte order.
    """
    found = []
    with contextlib.suppress(OSError, ValueError, struct.error):
        for line in routes.read_text().splitlines()[1:]:
            _, destination, gateway, *_ = line.split()
            if destination == _ANY and gateway != _ANY:
                found.append(socket.inet_ntoa(struct.pack("=L", int(gateway, 16))))
    return found


def _address(text: str) -> Address | None:
    """Return an address in its usual notation; clients normalise others, such as 0177.1, before they send them."""
    try:
        found = ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found
