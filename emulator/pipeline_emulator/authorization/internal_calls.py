"""Makes sure that a request claiming to be LocalStack's own is.

Core trusts a header in which its services describe their calls: on whose behalf, and that they are internal. Any client
could send it.
"""

import secrets
from collections.abc import Callable
from typing import Any

from pipeline_emulator import patches

_TOKEN = secrets.token_urlsafe(32)
_FIELD = "pipeline_token"


def install() -> None:
    """Put a token into the header, and ignore headers without it."""

    @patches.SEAL_INTERNAL_CALLS.wrap
    def dump_dto(original: Callable[..., str], data: dict[str, Any]) -> str:
        return original({**data, _FIELD: _TOKEN})

    @patches.CHECK_INTERNAL_CALLS.wrap
    def load_dto(original: Callable[..., dict[str, Any]], data: str) -> dict[str, Any]:
        found = original(data)
        if not isinstance(found, dict) or not secrets.compare_digest(
            str(found.pop(_FIELD, "")).encode(), _TOKEN.encode()
        ):
            raise ValueError("the request is not LocalStack's own")
        return found
