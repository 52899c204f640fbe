"""HTTP/2 clients that end a connection in order keep the streams that they have begun."""

from collections.abc import Callable
from typing import Any

from h2.errors import ErrorCodes

from pipeline_emulator import patches


def install() -> None:
    """Serve open streams to their end after the client's GOAWAY, as RFC 9113 says (section 6.8).

    AWS's SDK for JavaScript sends it as soon as SubscribeToShard has answered. The client closes the connection itself.
    """

    @patches.FINISH_STREAMS.wrap
    def receive_goaway_frame(original: Callable[..., Any], connection: Any, frame: Any) -> Any:
        if frame.error_code == ErrorCodes.NO_ERROR and connection.open_inbound_streams:
            return [], []
        return original(connection, frame)
