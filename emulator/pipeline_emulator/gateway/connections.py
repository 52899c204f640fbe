"""The connection of a request to the gateway."""

import functools
from collections.abc import Callable, Mapping
from typing import Any

from pipeline_emulator import patches
from pipeline_emulator.gateway.sockets import Connection

TWISTED_REQUEST = "pipeline_emulator.twisted_request"
_ANSWER = "_pipeline_emulator_answer"


@functools.cache
def install() -> None:
    """Make twisted's request available in the WSGI environment, once per process."""

    @patches.PASS_TWISTED_REQUEST.wrap
    def update_wsgi_environment(original: Callable[..., None], environ: dict[str, Any], request: Any) -> None:
        original(environ, request)
        environ[TWISTED_REQUEST] = request


def remembered(environ: Mapping[str, Any], find: Callable[[Connection], bool]) -> bool:
    """Return what `find` says of the connection of a request. It is asked once for each connection.

    Args:
        environ: the request's WSGI environment.
        find: not asked, and the answer False, if LocalStack makes the request itself.
    """
    request = environ.get(TWISTED_REQUEST)
    if request is None:
        return False
    channel = request.channel  # one for each connection; None if it has just been closed
    known: bool | None = getattr(channel, _ANSWER, None)
    if known is not None:
        return known
    client, server = request.getClientAddress(), request.getHost()
    answer = find(Connection((client.host, client.port), (server.host, server.port)))
    if channel is not None:
        setattr(channel, _ANSWER, answer)
    return answer
