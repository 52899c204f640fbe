"""The connection of a request to the gateway."""

from collections.abc import Mapping
from typing import Any

from pipeline_emulator.gateway import twisted_request
from pipeline_emulator.gateway.sockets import Connection


def of(environ: Mapping[str, Any]) -> Connection | None:
    """Return the connection of a request by its WSGI environment; None if LocalStack makes the request itself."""
    request = twisted_request.of(environ)
    if request is None:
        return None
    client, server = request.getClientAddress(), request.getHost()
    return Connection((client.host, client.port), (server.host, server.port))
