"""Finds the process behind a TCP connection on this machine, which no sender can forge.

Linux answers by netlink (sock_diag(7)) in a few microseconds, for any user. Elsewhere psutil reads the process table.
"""

import contextlib
import errno
import functools
import os
import socket
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import psutil

type Address = tuple[str, int]
"""An IP address and a port."""

_NETLINK_SOCK_DIAG, _SOCK_DIAG_BY_FAMILY, _NLM_F_REQUEST, _NLMSG_ERROR = 4, 20, 1, 2
_HEADER = struct.Struct("=IHHII")  # length, type, flags, sequence number, sender
_REQUEST = struct.Struct("=BBBBI")  # family, protocol, extensions, padding, states
_ANY_STATE, _NO_COOKIE, _NO_INTERFACE = 0xFFFFFFFF, b"\xff" * 8, bytes(4)
# In the answer: the header, four bytes, then ports, addresses and interface, cookie, timers and queues, user, inode.
_COOKIE = struct.Struct("=16x4x40xQ")
_OWNER = struct.Struct("=16x4x48x12xII")


class Owner(NamedTuple):
    """The owner of one end of a connection.

    Attributes:
        uid: user that made the socket.
        inode: number of the socket in /proc/<pid>/fd; 0 if no process has it any more.
        cookie: number that no other socket gets until the machine restarts.
    """

    uid: int
    inode: int
    cookie: int


@dataclass(frozen=True, slots=True)
class Connection:
    """A TCP connection, as its server sees it."""

    client: Address
    server: Address

    def owner(self) -> Owner | None:
        """Return the owner of the client's end, or None if it is on another machine or closed. Linux only.

        Raises:
            OSError: the kernel does not say.
        """
        family = socket.AF_INET6 if ":" in self.client[0] else socket.AF_INET
        pair = b"".join(_packed(family, host) for host, _ in (self.client, self.server))
        ports = struct.pack("!HH", self.client[1], self.server[1])
        request = (
            _REQUEST.pack(family, socket.IPPROTO_TCP, 0, 0, _ANY_STATE) + ports + pair + _NO_INTERFACE + _NO_COOKIE
        )
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_SOCK_DIAG) as netlink:
            netlink.send(
                _HEADER.pack(_HEADER.size + len(request), _SOCK_DIAG_BY_FAMILY, _NLM_F_REQUEST, 0, 0) + request
            )
            answer = netlink.recv(8192)
        if _HEADER.unpack_from(answer)[1] == _NLMSG_ERROR:
            number = -struct.unpack_from("=i", answer, _HEADER.size)[0]
            if number == errno.ENOENT:
                return None
            raise OSError(number, os.strerror(number))
        return Owner(*_OWNER.unpack_from(answer), *_COOKIE.unpack_from(answer))

    def is_from_here(self) -> bool:
        """Return whether the client's address is one of this machine's."""
        family = socket.AF_INET6 if ":" in self.client[0] else socket.AF_INET
        with contextlib.suppress(OSError), socket.socket(family) as probe:
            probe.bind((self.client[0], 0))
            return True
        return False

    def is_made_by(self, processes: Iterable[int]) -> bool:
        """Return whether one of these processes has the client's end, according to psutil."""
        for pid in processes:
            with contextlib.suppress(psutil.Error):
                for found in psutil.Process(pid).net_connections("tcp"):
                    if (
                        found.laddr
                        and found.raddr
                        and (tuple(found.laddr), tuple(found.raddr)) == (self.client, self.server)
                    ):
                        return True
        return False


def holds(pid: int, inode: int) -> bool:
    """Return whether a process has a socket among its descriptors."""
    wanted = f"socket:[{inode}]"
    with contextlib.suppress(OSError):
        for name in os.listdir(f"/proc/{pid}/fd"):
            with contextlib.suppress(OSError):
                if os.readlink(f"/proc/{pid}/fd/{name}") == wanted:
                    return True
    return False


@functools.cache
def kernel_answers() -> bool:
    """Return whether the kernel names the owner of a connection. Tried once, with one of our own."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        try:
            found = Connection(client.getsockname(), server.getsockname()).owner()
        except (OSError, AttributeError):  # AttributeError: this system has no netlink
            return False
        return found is not None and found.inode == os.fstat(client.fileno()).st_ino


def _packed(family: socket.AddressFamily, host: str) -> bytes:
    return socket.inet_pton(family, host.partition("%")[0]).ljust(16, b"\0")
