"""Finds ports to listen on that stay free until somebody does."""

import random
import socket
from pathlib import Path

_FIRST = 20_000
# Windows and macOS take ports for connections from 49152 upwards, Linux from here, if it does not say otherwise.
_USUAL_EPHEMERAL = 32_768
_EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
_ROOM = 1_000  # ports next to a found one are often used, too


def free_ports(count: int) -> list[int]:
    """Return different ports of the loopback address that are free now.

    They lie below the ports that the system gives to connections. A port from among those could be an outgoing
    connection's by the time that somebody listens on it.
    """
    last = _first_ephemeral() - _ROOM
    if last - _FIRST < _ROOM:
        return _any_free(count)
    found: list[int] = []
    for port in random.sample(range(_FIRST, last), k=last - _FIRST):
        if _is_free(port):
            found.append(port)
        if len(found) == count:
            return found
    return _any_free(count)


def free_port() -> int:
    """Return one free port, as `free_ports`."""
    return free_ports(1)[0]


def _first_ephemeral() -> int:
    try:
        return int(_EPHEMERAL.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return _USUAL_EPHEMERAL


def _is_free(port: int) -> bool:
    # All addresses: Docker refuses a port that is taken on any of them.
    with socket.socket() as probe:
        try:
            probe.bind(("", port))
        except OSError:
            return False
    return True


def _any_free(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()
