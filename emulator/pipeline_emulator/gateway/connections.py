"""The connection of a request to the gateway."""

from collections.abc import Callable, Mapping
from typing import Any

from pipeline_emulator.gateway import twisted_request
from pipeline_emulator.gateway.sockets import Connection

_ANSWER = "_pipeline_emulator_answer"


def remembered(environ: Mapping[str, Any], find: Callable[[Connection], bool]) -> bool:
    """Return what `find` says of the connection of a request. It is asked once for each connection.

    Args:
        environ: the request's WSGI environment.
        find: not asked, and the answer False, if LocalStack makes the request itself.
    """
    request = twisted_request.of(environ)
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
