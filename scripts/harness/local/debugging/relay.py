"""Passes one debugger at a time on to debugpy, and tells the emulator when it comes and goes."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Coroutine
from typing import NoReturn

from harness import console
from harness.errors import HarnessError
from harness.local.debugging.launch import HOST
from harness.local.debugging.places import CHUNK, Connection, Writer, connect
from harness.local.debugging.session import Place, Session

START_SECONDS = 90.0  # a container's image is made, it starts, and debugpy compiles itself
RENEW_SECONDS, RETRY_SECONDS = 1.0, 0.1
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
        self._used = ""  # id of the last environment that had a debugger

    async def ready(self) -> Place:
        """Wait until debugpy waits for a debugger; return where.

        Raises:
            HarnessError: the function does not start under debugpy.
        """
        beating, waiting = asyncio.create_task(self._beat()), asyncio.create_task(self._next())
        try:
            await asyncio.wait({beating, waiting}, return_when=asyncio.FIRST_COMPLETED)
            return (await (beating if beating.done() else waiting)).place
        finally:
            beating.cancel()
            waiting.cancel()

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
            await self._beat()
        finally:
            server.close()
            server.close_clients()
            await self._drop()

    async def _beat(self) -> NoReturn:
        """Extend the session again and again, and be connected to the environment that waits."""
        connecting: asyncio.Task[None] | None = None
        try:
            while True:
                place = await asyncio.to_thread(self._session.renew)
                if place and place.id == self._used:
                    place = None
                outdated = not self._waiting or self._waiting.place != place
                if self._free.is_set() and outdated and (not connecting or connecting.done()):
                    connecting = asyncio.create_task(self._connect(place))  # beside: it may outlast the session's lease
                await asyncio.sleep(RENEW_SECONDS)
        finally:
            if connecting:
                connecting.cancel()
                await asyncio.gather(connecting, return_exceptions=True)

    async def _connect(self, place: Place | None) -> None:
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
            self._used = debugpy.place.id
            try:
                await asyncio.to_thread(self._session.detach)
            finally:
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
        await asyncio.gather(*tasks, return_exceptions=True)
