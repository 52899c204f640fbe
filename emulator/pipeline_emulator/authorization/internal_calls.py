"""Makes sure that a request claiming to be LocalStack's own is.

Core trusts a header in which its services describe their calls: on whose behalf, and that they are internal. Any client
could send it.
"""

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from pipeline_emulator import patches

_TOKEN = secrets.token_urlsafe(32)
_FIELD = "pipeline_token"
CLIENT = "pipeline_client"
"""Where an internal request has what a condition may ask about the client for whom it is sent on."""
_client: ContextVar[Mapping[str, str | None] | None] = ContextVar("client", default=None)


def install() -> None:
    """Put a token into the header, and ignore headers without it."""

    @patches.SEAL_INTERNAL_CALLS.wrap
    def dump_dto(original: Callable[..., str], data: dict[str, Any]) -> str:
        client = _client.get()
        return original({**data, _FIELD: _TOKEN, **({CLIENT: client} if client else {})})

    @patches.CHECK_INTERNAL_CALLS.wrap
    def load_dto(original: Callable[..., dict[str, Any]], data: str) -> dict[str, Any]:
        found = original(data)
        if not isinstance(found, dict) or not secrets.compare_digest(
            str(found.pop(_FIELD, "")).encode(), _TOKEN.encode()
        ):
            raise ValueError("the request is not LocalStack's own")
        return found


@contextmanager
def sent_on(request: Any) -> Iterator[None]:
    """Tell what conditions ask about a client in the internal requests of this context, which send its request on."""
    token = _client.set(client_of(request))
    try:
        yield
    finally:
        _client.reset(token)


def client_of(request: Any) -> dict[str, str | None]:
    """Return what conditions ask about the client that sent a request."""
    headers = request.headers
    return {
        "source_ip": request.remote_addr, "user_agent": headers.get("User-Agent"), "referer": headers.get("Referer")
    }  # fmt: skip
