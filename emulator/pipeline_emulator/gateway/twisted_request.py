"""Makes twisted's request available to applications: core's has neither its transport nor its rewound body."""

from collections.abc import Callable, Mapping
from typing import Any

from pipeline_emulator import patches

KEY = "pipeline_emulator.twisted_request"
"""Where the WSGI environment has twisted's request."""
HEADERS = "pipeline_emulator.headers"
"""Where it has the headers that were decoded to recognise a request: names in lower case, none twice, and values."""


def install() -> None:
    """Keep twisted's request in the WSGI environment."""

    @patches.PASS_TWISTED_REQUEST.wrap
    def update_wsgi_environment(original: Callable[..., None], environ: dict[str, Any], request: Any) -> None:
        original(environ, request)
        environ[KEY] = request


def of(environ: Mapping[str, Any]) -> Any | None:
    """Return twisted's request for a WSGI environment; None for websockets and calls within the process."""
    return environ.get(KEY)
