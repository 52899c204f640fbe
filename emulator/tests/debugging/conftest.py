"""A debugger: a client of the Debug Adapter Protocol, on debugpy's own messages."""

import contextlib
import queue
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from debugpy.common.messaging import JsonIOStream, JsonMessageChannel

SECONDS = 120


class Debugger:
    """A debugger that is attached to a port of this machine."""

    def __init__(self, port: int, local: str, remote: str) -> None:
        self._events: queue.Queue[Any] = queue.Queue()
        self._channel: Any = JsonMessageChannel(JsonIOStream.from_socket(_connected(port)), self)
        self._channel.start()
        self.ask("initialize", adapterID="debugpy", clientID="test", pathFormat="path", linesStartAt1=True)
        mappings = [{"localRoot": local, "remoteRoot": remote}]
        self._attach = self._channel.send_request("attach", {"name": "test", "pathMappings": mappings})
        self.wait_for("initialized")
        self._local = local

    def event(self, event: Any) -> None:
        """Take an event; the channel calls this."""
        self._events.put(event)

    def ask(self, command: str, **arguments: Any) -> Any:
        """Send a request and return the body of its response."""
        return self._channel.request(command, arguments)

    def wait_for(self, name: str) -> Any:
        """Return the body of the next event of a name."""
        seen: list[str] = []
        while name not in seen:
            try:
                event = self._events.get(timeout=SECONDS)
            except queue.Empty:
                raise AssertionError(f"no event '{name}' within {SECONDS} s, but {seen}") from None
            seen.append(event.event)
        return event.body

    def run_to(self, file: str, line: int) -> None:
        """Set a breakpoint, and let the function be loaded."""
        path = f"{self._local}/{file}"
        self.ask("setBreakpoints", source={"path": path}, breakpoints=[{"line": line}] if line else [])
        self.ask("configurationDone")
        self._attach.wait_for_response()

    def stopped(self) -> tuple[int, dict[str, str]]:
        """Wait until the function stops at a breakpoint; return its thread and its local variables."""
        thread = self.wait_for("stopped")["threadId"]
        frame = self.ask("stackTrace", threadId=thread)["stackFrames"][0]["id"]
        scope = self.ask("scopes", frameId=frame)["scopes"][0]["variablesReference"]
        found = self.ask("variables", variablesReference=scope)["variables"]
        return thread, {each["name"]: each["value"] for each in found}

    def resume(self, thread: int) -> None:
        """Let the function go on."""
        self.ask("continue", threadId=thread)

    def close(self) -> None:
        """Detach."""
        self._channel.close()


def _connected(port: int) -> socket.socket:
    """Connect as soon as debugpy listens. Whoever leaves before debugpy is ready ends it."""
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), SECONDS)
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)  # the polling interval


@pytest.fixture
def attach() -> Iterator[Callable[..., Debugger]]:
    """Return a function that attaches a debugger."""
    with contextlib.ExitStack() as stack:

        def start(port: int, local: str = "/here", remote: str = "/var/task") -> Debugger:
            debugger = Debugger(port, local, remote)
            stack.callback(debugger.close)
            return debugger

        yield start
