"""Connections to debugpy: on this machine's loopback address, or on that of a container."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Protocol

from harness.local.debugging.session import Place

CHUNK = 65536
GREETING_SECONDS = 5.0
# Runs in the function's container, whose loopback address nobody else reaches. Nothing is published, on no network.
IN_CONTAINER = """
import os, socket, sys, threading
peer = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
def send():
    while data := os.read(0, 65536):
        peer.sendall(data)
    peer.shutdown(socket.SHUT_RDWR)
threading.Thread(target=send, daemon=True).start()
while data := peer.recv(65536):
    while data:
        data = data[os.write(1, data):]
"""


class Writer(Protocol):
    """What is written to; a `StreamWriter`."""

    def write(self, data: bytes) -> None:
        """Write."""

    async def drain(self) -> None:
        """Wait until more can be written."""

    def close(self) -> None:
        """Close."""


class Connection:
    """A connection to debugpy.

    Args:
        place: where it waits.
        reader: from it.
        writer: to it.
        program: the process that passes everything on, in a container.
    """

    def __init__(
        self,
        place: Place,
        reader: asyncio.StreamReader,
        writer: Writer,
        program: asyncio.subprocess.Process | None = None,
    ) -> None:
        self.place = place
        self.reader = reader
        self.writer = writer
        self.greeting = b""  # what debugpy says first
        self._program = program

    async def close(self) -> None:
        """Close it. debugpy lets the function run on."""
        self.writer.close()
        if self._program:
            with contextlib.suppress(ProcessLookupError):
                self._program.kill()
            await self._program.communicate()  # to the end of its output: a pipe must not outlive the event loop


async def connect(place: Place) -> Connection | None:
    """Connect to debugpy; None if it does not listen yet.

    Args:
        place: where it waits.
    """
    try:
        found = await (_to_container(place) if place.container else _to_port(place))
    except OSError:
        return None
    try:
        with contextlib.suppress(TimeoutError, ConnectionError):
            found.greeting = await asyncio.wait_for(found.reader.read(CHUNK), GREETING_SECONDS)
    finally:
        if not found.greeting:
            await found.close()
    return found if found.greeting else None


async def _to_port(place: Place) -> Connection:
    reader, writer = await asyncio.open_connection("127.0.0.1", place.port)
    return Connection(place, reader, writer)


async def _to_container(place: Place) -> Connection:
    program = await asyncio.create_subprocess_exec(
        *(
            "docker",
            "exec",
            "--interactive",
            str(place.container),
            "python3",
            "-I",
            "-c",
            IN_CONTAINER,
            str(place.port),
        ),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is for this process; it then closes the connection
    )
    assert program.stdin
    assert program.stdout
    return Connection(place, program.stdout, program.stdin, program)
