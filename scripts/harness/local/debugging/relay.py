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
LEAVE_SECONDS = 5.0


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
        self._free = asyncio.Event()  # no debugger is attached
        self._free.set()
        self._waiting: Connection | None = None
        self._renewing = asyncio.Lock()

    async def ready(self) -> Place:
        """Wait until debugpy waits for a debugger; return where.

        Raises:
            HarnessError: the function does not start under debugpy.
        """
        return (await self._next()).place

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
                await self._renew()
        finally:
            server.close()
            server.close_clients()
            await self._drop()

    async def _renew(self) -> None:
        """Extend the session, and be connected to the environment that waits."""
        async with self._renewing:
            place = await asyncio.to_thread(self._session.renew)
            if not self._free.is_set() or (self._waiting and self._waiting.place == place):
                return
            await self._drop()
            self._waiting = await connect(place) if place else None

    async def _drop(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting:
            await waiting.close()

    async def _next(self) -> Connection:
        """Return the connection to the environment that waits.

        debugpy ends if somebody connects and leaves before it is ready. So a connection is kept until it is used.
        """
        deadline = time.monotonic() + START_SECONDS
        while not self._waiting:
            if time.monotonic() > deadline:
                raise HarnessError(f"debugpy did not start within {START_SECONDS:.0f} s", "look at make local-logs")
            await self._renew()
            await asyncio.sleep(RETRY_SECONDS)
        return self._waiting

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._pass_on(reader, writer)
        except (HarnessError, ConnectionError) as error:
            console.warn(f"a debugger was turned away: {error}")
        finally:
            writer.close()

    async def _wait_until_free(self) -> None:
        """Wait for a moment: an editor that restarts its debugger attaches before it has quite left."""
        try:
            await asyncio.wait_for(self._free.wait(), LEAVE_SECONDS)
        except TimeoutError:
            raise HarnessError("another one is attached", "detach that one") from None

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._wait_until_free()
        debugpy = await self._next()
        writer.write(debugpy.greeting)
        # Only what speaks is a debugger, not what looks whether the port is open.
        if not (first := await reader.read(CHUNK)):
            return
        if self._waiting is not debugpy:
            raise HarnessError("another one was quicker, or the code has changed", "attach again")
        self._waiting = None
        self._free.clear()
        try:
            await asyncio.to_thread(self._session.attach, debugpy.place)  # from now on events wait for it
            console.say(self._came)
            debugpy.writer.write(first)
            await _first_of(_pump(reader, debugpy.writer), _pump(debugpy.reader, writer))
        finally:
            await debugpy.close()
            await asyncio.to_thread(self._session.detach)
            self._free.set()
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
