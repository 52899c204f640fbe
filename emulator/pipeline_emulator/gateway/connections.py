"""The connection of a request to the gateway."""

import functools
from collections.abc import Callable, Mapping
from typing import Any

from pipeline_emulator import patches
from pipeline_emulator.gateway.sockets import Connection

TWISTED_REQUEST = "pipeline_emulator.twisted_request"


@functools.cache
def install() -> None:
    """Make twisted's request available in the WSGI environment, once per process."""

    @patches.PASS_TWISTED_REQUEST.wrap
    def update_wsgi_environment(original: Callable[..., None], environ: dict[str, Any], request: Any) -> None:
        original(environ, request)
        environ[TWISTED_REQUEST] = request


def of(environ: Mapping[str, Any]) -> Connection | None:
    """Return the connection of a request by its WSGI environment; None if LocalStack makes the request itself."""
    request = environ.get(TWISTED_REQUEST)
    if request is None:
        return None
    client, server = request.getClientAddress(), request.getHost()
    return Connection((client.host, client.port), (server.host, server.port))
