"""A request as the client sent it, and signed it. Core changes headers and reads bodies before it authorizes."""

import hashlib
import io
from dataclasses import dataclass
from functools import cached_property
from typing import IO, Any
from urllib.parse import parse_qsl, urlsplit

from werkzeug import Request

from pipeline_emulator.gateway import twisted_request

_HASH_BYTES = 1024 * 1024
AUTHORITY = ":authority"
"""HTTP/2's name of the header `host`, which AWS's SDK for JavaScript signs: its Kinesis client speaks HTTP/2."""


@dataclass(frozen=True)
class RawRequest:
    """A request before anything was changed.

    Attributes:
        method: in upper case.
        path: as in the request line, not decoded, without the query.
        query: decoded names and values, in their order.
        headers: names in lower case and values, in their order.
        request: core's request.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: tuple[tuple[str, str], ...]
    request: Request

    @classmethod
    def of(cls, request: Request) -> "RawRequest":
        """Return the request that the web server received."""
        environ: dict[str, Any] = request.environ
        target = environ.get("RAW_URI") or "/"
        if not target.startswith("/"):  # the whole URL, as for a proxy
            parts = urlsplit(target)
            target = f"{parts.path or '/'}?{parts.query}"
        path, _, query = target.partition("?")
        headers = environ.get(twisted_request.HEADERS)
        if headers is None:
            pairs = environ.get("rolo.headers") or ()
            headers = tuple((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in pairs)
        return cls(
            method=request.method,
            path=path,
            query=tuple(parse_qsl(query, keep_blank_values=True)) if query else (),
            headers=headers,
            request=request,
        )

    def header(self, name: str) -> str | None:
        """Return the first value of a header, named in lower case."""
        return self._first_values.get(name)

    def joined(self, name: str) -> str:
        """Return the values of a header as they are signed: joined by commas, with single spaces."""
        name = "host" if name == AUTHORITY else name
        found = self._first_values.get(name, "")
        if len(self._first_values) == len(self.headers):
            return _with_single_spaces(found)
        return ",".join(_with_single_spaces(value) for each, value in self.headers if each == name)

    def argument(self, name: str) -> str | None:
        """Return the first value of a query argument."""
        return next((value for each, value in self.query if each == name), None)

    @cached_property
    def _first_values(self) -> dict[str, str]:
        return dict(reversed(self.headers))

    @property
    def content(self) -> IO[bytes]:
        """The whole body, to be read from any position: core's reader has its own."""
        twisted = twisted_request.of(self.request.environ)
        content: IO[bytes] = twisted.content if twisted else io.BytesIO(self.request.get_data(cache=True))
        return content

    @cached_property
    def body_hash(self) -> str:
        """The body's SHA-256, in hex digits."""
        content = self.content
        if isinstance(content, io.BytesIO):
            with content.getbuffer() as buffer:
                return hashlib.sha256(buffer).hexdigest()
        position, found = content.tell(), hashlib.sha256()
        content.seek(0)
        try:
            while data := content.read(_HASH_BYTES):
                found.update(data)
        finally:
            content.seek(position)
        return found.hexdigest()


def _with_single_spaces(value: str) -> str:
    if value.isascii() and value.isprintable() and "  " not in value:  # nearly all, and faster
        return value.strip(" ")
    return " ".join(value.split())
