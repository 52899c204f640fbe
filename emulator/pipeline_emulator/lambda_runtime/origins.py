"""Which connections come from a function's execution environment: for its Runtime API, and for the gateway."""

import contextlib
import functools
import os
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import psutil

from pipeline_emulator.gateway.sockets import Connection, Owner, holds, kernel_answers
from pipeline_emulator.sandbox.processes import descendants

_CONNECTIONS = 4096
_CONTAINER_START_SECONDS = 10.0


@dataclass(frozen=True)
class Sandbox:
    """The processes of one environment.

    Attributes:
        pid: the supervisor, the ancestor of all of them.
        uid: the function's user.
        own_user: whether no other process has that user.
    """

    pid: int
    uid: int
    own_user: bool

    def made(self, connection: Connection) -> bool:
        """Return whether one of its processes made a connection and still has it.

        Raises:
            OSError: the kernel does not say.
        """
        if not kernel_answers():
            return connection.is_made_by(descendants(self.pid))
        owner = connection.owner()
        if owner is None or not owner.inode or owner.uid != self.uid:
            return False
        return any(holds(pid, owner.inode) for pid in descendants(self.pid))


class Environments:
    """All open environments of this LocalStack. Thread-safe."""

    def __init__(self) -> None:
        """Start without any."""
        self._sandboxes: frozenset[Sandbox] = frozenset()
        self._addresses: Counter[str] = Counter()  # the next container may get the address of one that is still here
        self._gateways: frozenset[str] = frozenset()
        self._starting = 0
        self._changed = threading.Condition()

    def add(self, sandbox: Sandbox) -> None:
        """Add a sandbox before its function starts."""
        with self._changed:
            self._sandboxes |= {sandbox}

    def remove(self, sandbox: Sandbox) -> None:
        """Remove a sandbox after its last process has ended."""
        with self._changed:
            self._sandboxes -= {sandbox}

    def set_gateways(self, addresses: Iterable[str]) -> None:
        """Set the addresses of this machine in the containers' networks, which no container gets."""
        self._gateways = frozenset(addresses)

    @contextlib.contextmanager
    def starting_container(self) -> Iterator[None]:
        """Let requests from other machines wait: the engine gives a container its address when it starts."""
        with self._changed:
            self._starting += 1
        try:
            yield
        finally:
            with self._changed:
                self._starting -= 1
                self._changed.notify_all()

    @property
    def is_starting(self) -> bool:
        """Whether requests from other machines wait."""
        return self._starting > 0

    def add_address(self, address: str) -> None:
        """Add the address of a container."""
        with self._changed:
            self._addresses[address] += 1

    def remove_address(self, address: str) -> None:
        """Remove the address of a container that has ended."""
        with self._changed:
            self._addresses -= Counter([address])

    def made(self, connection: Connection) -> bool:
        """Return whether a connection comes from an environment.

        It does, too, if nobody has the client's end any more, or nobody admits to it: a function can close the
        connection after a request, or hide it. So does LocalStack's own connection while there are environments: a
        function can make it send requests, for example by a topic's subscription. What its services send to each other
        is known by a header. Where the kernel does not name owners (macOS), only containers' count.
        """
        if (self._addresses or self._sandboxes) and _is_own(connection):
            return True
        if self._addresses or self._starting:
            return self._from_container(connection)
        if not self._sandboxes or not kernel_answers():
            return False
        owner = connection.owner()
        if owner is None or not owner.inode:
            return connection.is_from_here()
        known = {sandbox.own_user for sandbox in self._sandboxes if sandbox.uid == owner.uid}
        return bool(known) and (known == {True} or self._is_made_by_function(owner))

    def _from_container(self, connection: Connection) -> bool:
        with self._changed:
            if connection.client[0] not in self._gateways:
                self._changed.wait_for(lambda: not self._starting, _CONTAINER_START_SECONDS)
            return connection.client[0] in self._addresses

    @functools.lru_cache(maxsize=_CONNECTIONS)  # noqa: B019 - there is one instance; a cookie never returns
    def _is_made_by_function(self, owner: Owner) -> bool:
        """Find out who among this user's processes has the client's end. Clients are often the newest processes."""
        supervisors = {sandbox.pid for sandbox in self._sandboxes}
        for pid in sorted(psutil.pids(), reverse=True):
            if holds(pid, owner.inode):
                return not supervisors.isdisjoint(_ancestors(pid))
        return True


def _is_own(connection: Connection) -> bool:
    """Return whether this process has the client's end."""
    owner = connection.owner() if kernel_answers() else None
    return owner is not None and owner.uid == os.getuid() and holds(os.getpid(), owner.inode)


def _ancestors(pid: int) -> set[int]:
    with contextlib.suppress(psutil.NoSuchProcess):
        return {parent.pid for parent in psutil.Process(pid).parents()}
    return set()


ENVIRONMENTS = Environments()


def sandbox_of(pid: int, uid: int) -> Sandbox:
    """Return the sandbox of a supervisor's process id and its function's user."""
    return Sandbox(pid, uid, own_user=uid != os.getuid())
