"""Gets the emulator's state as one file, and gives it to a new emulator (`/_pipeline/snapshot`)."""

from __future__ import annotations

import http.client
import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO

from harness.errors import HarnessError
from harness.machine import files
from harness.stack.state import Stack

VARIABLE = "PIPELINE_SNAPSHOT_TOKEN"
PATH = "/_pipeline/snapshot"
# The emulator itself waits up to a minute for a batch under way.
_SECONDS = 120.0


def _token_file(stack: Stack) -> Path:
    return stack.folder / "snapshot-token"


def new_token(stack: Stack) -> dict[str, str]:
    """Return the variable with a new secret for the emulator that is about to start; only this user can read it."""
    token = secrets.token_urlsafe(32)
    files.write_secret(_token_file(stack), token)
    return {VARIABLE: token}


class Body:
    """The content of a response, as a file."""

    def __init__(self, answer: http.client.HTTPResponse) -> None:
        self._answer = answer
        self.size = int(answer.headers["Content-Length"])
        self._left = self.size

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes.

        Raises:
            HarnessError: LocalStack ended before the last one.
        """
        try:
            data = self._answer.read(size)
        except (OSError, http.client.HTTPException) as error:
            raise HarnessError(f"LocalStack stopped sending its state: {error}", "make local-status") from None
        self._left -= len(data)
        if not data and self._left:
            raise HarnessError("LocalStack ended while it sent its state", "make local-status")
        return data


@contextmanager
def saved(stack: Stack) -> Iterator[Body]:
    """Yield the state of a running emulator.

    Raises:
        HarnessError: the emulator refuses, with its reason.
    """
    with closing(_connection(stack)) as connection:
        yield Body(_answer(stack, connection, "GET"))


def give(stack: Stack, source: IO[bytes], size: int) -> None:
    """Load a state of `size` bytes into an emulator that was just started.

    Raises:
        HarnessError: the emulator refuses, with its reason.
    """
    with closing(_connection(stack)) as connection:
        _answer(stack, connection, "PUT", {"Content-Length": str(size)}, source)


def _connection(stack: Stack) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", stack.port, timeout=_SECONDS)


def _answer(
    stack: Stack, connection: http.client.HTTPConnection, method: str, headers: Mapping[str, str] | None = None,
    body: IO[bytes] | None = None,
) -> http.client.HTTPResponse:  # fmt: skip
    token = _token(stack)
    try:
        connection.request(method, PATH, body, {"Authorization": f"Bearer {token}", **(headers or {})})
        answer = connection.getresponse()
        refusal = None if answer.status == http.HTTPStatus.OK else _refusal(answer)
    except (OSError, http.client.HTTPException) as error:
        raise HarnessError(
            f"LocalStack does not answer: {error}", f"make local-status, and read {stack.localstack_log}"
        ) from None
    if refusal:
        raise refusal
    return answer


def _token(stack: Stack) -> str:
    try:
        return _token_file(stack).read_text()
    except OSError:
        raise HarnessError(
            "this LocalStack was started by a version without snapshots", "start it again: make local-down local-up"
        ) from None


def _refusal(answer: http.client.HTTPResponse) -> HarnessError:
    try:
        found = json.loads(answer.read())
        return HarnessError(found["message"], found["next"])
    except (ValueError, KeyError, TypeError):
        return HarnessError(
            f"{PATH} answers {answer.status}",
            "this LocalStack is not this project's, or an older version: make local-down local-up",
        )
