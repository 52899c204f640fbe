"""Relays requests to the registry and responses to the client, both as streams."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple
from urllib.parse import quote, urlencode, urlsplit

from localstack.http import Response
from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError
from werkzeug import Request

from pipeline_emulator.ecr import registry_client
from pipeline_emulator.gateway.pacing import BrokenOffError, paced

_REQUEST_HEADERS = (
    "Accept",
    "Content-Length",
    "Content-Range",
    "Content-Type",
    "If-Match",
    "If-None-Match",
    "If-Range",
    "Range",
    "User-Agent",
)
# Connection-specific headers (RFC 9110, 7.6.1), and those that the gateway sets itself.
_OWN_HEADERS = {"connection", "date", "keep-alive", "server", "te", "trailer", "transfer-encoding", "upgrade"}


class Names(NamedTuple):
    """A repository's names: the client's, and the registry's."""

    public: str
    internal: str


def relay(request: Request, path: str, names: Names, query: Mapping[str, str] | None = None) -> Response:
    """Relay a client's request to the registry and return the response, whose body is read as the client reads it.

    Args:
        request: the client's request.
        path: the path in the registry.
        names: the repository's names.
        query: replaces the client's query.

    Raises:
        RegistryUnavailableError: the registry does not respond.
    """
    search = request.query_string.decode() if query is None else urlencode(query)
    target = quote(path, safe="/:@") + (f"?{search}" if search else "")
    headers = {name: ", ".join(values) for name in _REQUEST_HEADERS if (values := request.headers.getlist(name))}
    has_body = request.method in ("POST", "PUT", "PATCH")
    answer = registry_client.open_response(
        request.method or "GET", target, headers, request.stream if has_body else None
    )
    if answer.status >= 400:
        return relayed(registry_client.read_response(answer), names, is_head=request.method == "HEAD")
    is_empty = request.method == "HEAD" or answer.headers.get("Content-Length") == "0"
    blocks = [] if is_empty else paced(_blocks(answer), request.environ, "a response of the container registry")
    response = Response(blocks, answer.status, _headers(answer.headers, names))
    response.call_on_close(answer.close)
    return response


def _blocks(answer: BaseHTTPResponse) -> Iterator[bytes]:
    try:
        yield from answer.stream(registry_client.BLOCK_BYTES, decode_content=False)
    except HTTPError as error:
        raise BrokenOffError(str(error)) from error


def relayed(answer: registry_client.RegistryResponse, names: Names, is_head: bool = False) -> Response:
    """Convert a complete response of the registry, using the client's name for the repository."""
    headers = _headers(answer.headers, names)
    if is_head:
        return Response([], answer.status, headers)
    headers.pop("Content-Length", None)
    data = answer.data.replace(names.internal.encode(), names.public.encode())
    return Response(data, answer.status, headers)


def _headers(headers: Mapping[str, str], names: Names) -> dict[str, str]:
    own = {name: value for name, value in headers.items() if name.lower() not in _OWN_HEADERS}
    if location := own.get("Location"):
        own["Location"] = _public_location(location, names)
    if link := own.get("Link"):
        own["Link"] = link.replace(names.internal, names.public)
    return own


def _public_location(location: str, names: Names) -> str:
    """Return path and query only, which are valid under every address of the gateway."""
    parts = urlsplit(location)
    path = parts.path.replace(f"/v2/{names.internal}/", f"/v2/{names.public}/", 1)
    return path + (f"?{parts.query}" if parts.query else "")
