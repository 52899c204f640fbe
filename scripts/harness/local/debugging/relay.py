"""Passes one debugger at a time on to debugpy, and tells the emulator when it comes and goes."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Coroutine

from harness import console
from harness.errors import HarnessError
from harness.local.debugging.launch import HOST
from harness.local.debugging.places import CHUNK, Connection, Writer, connect
from harness.local.debugging.session import Place, Session

START_SECONDS = 90.0  # a container's image is made, it starts, and debugpy compiles itself
RENEW_SECONDS, RETRY_SECONDS = 1.0, 0.2


class Relay:
    """One listener on the loopback address, from `run` on.

    Args:
        session: opened.
        port: to listen on.
        came: what to say when a debugger has attached.
    """

    def __init__(self, session: Session, port: int, came: str) -> None:
        self._session = session
        self._port = port
        self._came = came
        self._busy = False

    async def place(self) -> Place:
        """Wait until debugpy waits for a debugger.

        Raises:
            HarnessError: the function does not start under debugpy.
        """
        place, connection = await self._connect()
        await connection.close()
        return place

    async def run(self) -> None:
        """Serve debuggers until cancelled.

        Raises:
            HarnessError: the session has ended, or the port is taken.
        """
        try:
            server = await asyncio.start_server(self._serve, HOST, self._port)
        except OSError as error:
            raise HarnessError(f"port {self._port}: {error.strerror}", "choose another port: DEBUG_PORT=…") from None
        try:
            while True:
                await asyncio.sleep(RENEW_SECONDS)
                await asyncio.to_thread(self._session.renew)
        finally:
            server.close()
            server.close_clients()

    async def _connect(self) -> tuple[Place, Connection]:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            place = await asyncio.to_thread(self._session.renew)
            if place and (connection := await connect(place)):
                return place, connection
            await asyncio.sleep(RETRY_SECONDS)
        raise HarnessError(f"debugpy did not start within {START_SECONDS:.0f} s", "look at make local-logs")

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._busy:
            console.warn("a second debugger was turned away: one can attach at a time")
            writer.close()
            return
        self._busy = True
        try:
            await self._pass_on(reader, writer)
        except (HarnessError, ConnectionError) as error:
            console.warn(f"the debugger was turned away: {error}")
        finally:
            writer.close()
            self._busy = False

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        place, debugpy = await self._connect()
        try:
            writer.write(debugpy.first)
            # Only what speaks is a debugger, not what looks whether the port is open.
            if first := await reader.read(CHUNK):
                await self._attached(place, first, reader, writer, debugpy)
        finally:
            await debugpy.close()

    async def _attached(
        self,
        place: Place,
        first: bytes,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        debugpy: Connection,
    ) -> None:
        await asyncio.to_thread(self._session.attach, place)  # from now on events wait for this environment
        console.say(self._came)
        try:
            debugpy.writer.write(first)
            await _first_of(_pump(reader, debugpy.writer), _pump(debugpy.reader, writer))
        finally:
            await debugpy.close()
            await asyncio.to_thread(self._session.detach)
            console.say("The debugger has left: the function runs as always, and the next debugger can attach")


async def _pump(reader: asyncio.StreamReader, writer: Writer) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()


async def _first_of(*ways: Coroutine[None, None, None]) -> None:
    tasks = [asyncio.create_task(way) for way in ways]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
