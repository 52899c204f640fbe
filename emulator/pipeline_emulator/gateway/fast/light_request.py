"""What handlers read of nearly every request. Whatever else they ask for comes from a request of werkzeug's."""

from functools import cached_property
from typing import Any

from werkzeug import Request
from werkzeug.datastructures import Headers

from pipeline_emulator.gateway import twisted_request
from pipeline_emulator.gateway.fast.received import Received


class LightRequest:
    """Stands for werkzeug's request, which takes longer to make than a put.

    Attributes:
        environ: the part of the WSGI environment that is read of nearly every request.
        method: of HTTP.
        query_string: the query, which is empty.
    """

    method = "POST"
    query_string = b""

    def __init__(self, received: Received) -> None:
        values = received.head.values
        self._received = received
        self.environ: dict[str, Any] = {
            "HTTP_HOST": values["host"],
            "HTTP_USER_AGENT": values.get("user-agent", ""),
            "RAW_URI": received.head.target,
            twisted_request.HEADERS: tuple(values.items()),
            twisted_request.KEY: received,
        }

    def __getattr__(self, name: str) -> Any:
        """Return what is not read of nearly every request."""
        return getattr(self.whole, name)

    @cached_property
    def whole(self) -> Request:
        """The request with everything, also what was kept in the environment until now."""
        return whole({**self._received.environ(), **self.environ})


def whole(environ: dict[str, Any]) -> Request:
    """Return a request with the headers as sent, which are in the environment."""
    request: Any = Request(environ)
    request.headers = Headers(
        [(name.decode("latin-1"), value.decode("latin-1")) for name, value in environ["rolo.headers"]]
    )
    found: Request = request
    return found
