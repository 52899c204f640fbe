"""A debugging session at the emulator, through its `/_pipeline/debug`."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import HarnessError
from harness.local import function_api
from harness.local.function_api import RefusedError
from harness.machine.locks import held
from harness.stack import mapping
from harness.stack.state import DOCKER, Stack

OPEN_SECONDS, ASK_SECONDS = 120.0, 60.0
PACKAGE = "debugpy"


@dataclass(frozen=True)
class Place:
    """Where debugpy waits for a debugger.

    Attributes:
        id: of the environment.
        container: id of the container whose loopback address has the port; None for this machine's.
        port: debugpy's.
        folder: the function's code, as the function sees it.
    """

    id: str
    container: str | None
    port: int
    folder: str


class Session:
    """One session. The emulator ends it if `renew` is not called for some seconds.

    Args:
        stack: runs.
    """

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._url = f"{stack.endpoint_url}/_pipeline/debug/{mapping.of(stack)['FunctionArn']}"

    def open(self) -> None:
        """Open the session.

        Raises:
            HarnessError: the function cannot be debugged.
        """
        self._ask("PUT", _archive(), OPEN_SECONDS)

    def renew(self) -> Place | None:
        """Extend the session. Return where debugpy waits; None while the function starts.

        Raises:
            HarnessError: the function does not start under debugpy, or the session has ended.
        """
        return self._place(self._ask("POST", b"{}", ASK_SECONDS))

    def attach(self, place: Place) -> None:
        """Say that a debugger is there. Raises HarnessError if debugpy waits there no longer."""
        self._ask("POST", json.dumps({"attach": place.id}).encode(), ASK_SECONDS)

    def detach(self) -> None:
        """Say that it has left. Raises HarnessError if the session has ended."""
        self._ask("POST", b'{"attach": null}', ASK_SECONDS)

    def close(self) -> None:
        """End the session. It is no error if there is none."""
        with contextlib.suppress(HarnessError):
            self._ask("DELETE", b"", ASK_SECONDS)

    def _ask(self, method: str, data: bytes, seconds: float) -> dict[str, Any]:
        try:
            return function_api.ask(self._url, method, data, seconds)
        except RefusedError as error:
            raise _explained(error) from None

    def _place(self, found: dict[str, Any]) -> Place | None:
        if not found or (self._stack.runtime == DOCKER and not found["container"]):
            return None
        return Place(found["id"], found["container"], found["port"], found["folder"])


def _explained(error: RefusedError) -> HarnessError:
    if not error.document:
        cause = "the stack takes no debugger: it was started with HOT_RELOAD=0"
        return HarnessError(cause, "start it anew: make local-down && make local-up")
    if error.status == 404:
        return HarnessError(f"debugging has ended: {error}", "start it again: make debug")
    return HarnessError(str(error), "docs/developer-loop.md says what can be debugged")


def _archive() -> bytes:
    """Return a Zip of debugpy, as this environment has it."""
    found = importlib.util.find_spec(PACKAGE)
    assert found is not None
    assert found.origin is not None
    folder = Path(found.origin).parent
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as opened:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                opened.write(path, path.relative_to(folder.parent))
    return archive.getvalue()


@contextmanager
def alone(stack: Stack) -> Iterator[None]:
    """Let this process alone debug a stack.

    Raises:
        HarnessError: another one does.
    """
    with held(
        stack.folder / "debug.lock",
        "debugs this function already",
        "use that one, or end it with Ctrl-C",
    ):
        yield


def heal(stack: Stack) -> None:
    """End the session of a `pipeline debug` that was killed."""
    with contextlib.suppress(HarnessError), alone(stack):
        Session(stack).close()
