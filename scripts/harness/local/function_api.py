"""Asks the emulator's own APIs about the pipeline's function: `/_pipeline/code`, `/_pipeline/debug`."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

from harness.errors import HarnessError

_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class RefusedError(Exception):
    """The emulator has refused a request.

    Args:
        status: of HTTP.
        document: its answer; empty if that was no JSON object.
    """

    def __init__(self, status: int, document: dict[str, Any]) -> None:
        super().__init__(document.get("message", f"status {status}"))
        self.status = status
        self.document = document


def ask(url: str, method: str, data: bytes, seconds: float) -> dict[str, Any]:
    """Send a request and return the answer.

    Args:
        url: of the stack's LocalStack.
        method: of HTTP.
        data: the body.
        seconds: deadline.

    Raises:
        RefusedError: the answer is an error, or not the emulator's: stock LocalStack has an empty one for any path.
        HarnessError: there is none.
    """
    request = urllib.request.Request(url, data, method=method)  # noqa: S310 - the stack's own endpoint
    try:
        with _direct.open(request, timeout=seconds) as answer:
            status, found = answer.status, _document(answer.read())
    except urllib.error.HTTPError as error:
        raise RefusedError(error.code, _document(error.read()) or {}) from None
    except OSError as error:
        raise HarnessError(f"LocalStack did not answer: {error}", "look at make local-status") from None
    if found is None:
        raise RefusedError(status, {})
    return found


def _document(body: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(body)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
