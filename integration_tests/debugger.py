"""A debugger: a client of the Debug Adapter Protocol, on debugpy's own messages."""

from __future__ import annotations

import queue
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from debugpy.common.messaging import JsonIOStream, JsonMessageChannel

SECONDS = 120


class Debugger:
    """An editor's debugger with a launch configuration for VS Code, whose breakpoints are at most one."""

    def __init__(self, configuration: dict[str, Any]) -> None:
        at = configuration["connect"]
        self._events: queue.Queue[Any] = queue.Queue()
        self._channel: Any = JsonMessageChannel(
            JsonIOStream.from_socket(socket.create_connection((at["host"], at["port"]), SECONDS)), self
        )
        self._channel.start()
        self.ask("initialize", adapterID="debugpy", clientID="test", pathFormat="path", linesStartAt1=True)
        self._attach = self._channel.send_request("attach", configuration)
        self.wait_for("initialized")

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

    def stop_at(self, path: str, *lines: int) -> None:
        """Set the breakpoints of a file."""
        self.ask("setBreakpoints", source={"path": path}, breakpoints=[{"line": line} for line in lines])

    def start(self) -> None:
        """Let the function be loaded."""
        self.ask("configurationDone")
        self._attach.wait_for_response()

    def stopped(self) -> tuple[int, str, dict[str, str]]:
        """Wait until the function stops; return its thread, the file, and its local variables."""
        thread = self.wait_for("stopped")["threadId"]
        frame = self.ask("stackTrace", threadId=thread)["stackFrames"][0]
        scope = self.ask("scopes", frameId=frame["id"])["scopes"][0]["variablesReference"]
        found = self.ask("variables", variablesReference=scope)["variables"]
        return thread, frame["source"]["path"], {each["name"]: each["value"] for each in found}

    def resume(self, thread: int) -> None:
        """Let the function go on."""
        self.ask("continue", threadId=thread)

    def close(self) -> None:
        """Detach."""
        self._channel.close()


@contextmanager
def attached(configuration: dict[str, Any]) -> Iterator[Debugger]:
    """A debugger that is attached while the block runs."""
    debugger = Debugger(configuration)
    try:
        yield debugger
    finally:
        debugger.close()
