"""HTTP client of the registry behind the gateway: one at a URL, or the emulator's own."""

import socket
from collections.abc import Mapping
from functools import cache
from typing import IO, Any, NamedTuple
from urllib.parse import urlsplit

import urllib3
from urllib3.connection import HTTPConnection

from pipeline_emulator.ecr import own_registry
from pipeline_emulator.ecr.errors import RegistryUnavailableError
from pipeline_emulator.ecr.settings import registry_url

BLOCK_BYTES = 256 * 1024
# Seconds to connect, and between two reads: the registry hashes a layer before it acknowledges the upload.
_CONNECT_SECONDS = 5.0
_TIMEOUT = urllib3.Timeout(connect=_CONNECT_SECONDS, read=60)


class RegistryResponse(NamedTuple):
    """A complete response of the registry."""

    status: int
    headers: Mapping[str, str]
    data: bytes


class _UnixConnection(HTTPConnection):
    """A connection through a Unix socket."""

    def __init__(self, *arguments: Any, path: str, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._path = path

    def _new_conn(self) -> socket.socket:
        made = socket.socket(socket.AF_UNIX)
        try:
            made.settimeout(_CONNECT_SECONDS)
            made.connect(self._path)
        except OSError as error:
            made.close()
            raise urllib3.exceptions.NewConnectionError(self, str(error)) from error
        return made


class _UnixPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _UnixConnection


@cache
def _pool(url: str) -> urllib3.HTTPConnectionPool:
    """Return the connections to a URL, or to a Unix socket if it is a path."""
    options: dict[str, Any] = {"maxsize": 32, "timeout": _TIMEOUT, "retries": False, "blocksize": BLOCK_BYTES}
    if url.startswith("/"):
        return _UnixPool("localhost", path=url, **options)
    return urllib3.connection_from_url(url, **options)


def available() -> bool:
    """Return whether there is a registry at all: without one, no repository can have images."""
    return registry_url() is not None or own_registry.program() is not None


def open_response(
    method: str, target: str, headers: Mapping[str, str] | None = None, body: IO[bytes] | bytes | None = None
) -> urllib3.BaseHTTPResponse:
    """Send a request and return the response with its body unread. The caller closes it.

    Args:
        method: HTTP method.
        target: path and query on the registry.
        headers: the request's; without Content-Length a stream is sent in chunks.
        body: a stream is sent piece by piece.

    Raises:
        RegistryUnavailableError: no registry is configured, or it does not respond in time.
    """
    url = registry_url() or _own_registry()
    base = "" if url.startswith("/") else urlsplit(url).path
    try:
        return _pool(url).request(
            method, base + target, body=body, headers=headers or {}, preload_content=False, redirect=False
        )
    except urllib3.exceptions.HTTPError as error:
        raise RegistryUnavailableError(
            f"The container registry at {url} does not respond ({type(error).__name__}): start it, then try again."
        ) from error


def _own_registry() -> str:
    program = own_registry.program()
    if program is None:
        raise RegistryUnavailableError(
            "LocalStack runs without a container registry: use the Docker runtime, install the program docker-registry "
            "(Debian) or registry (distribution 2.8), or set PIPELINE_ECR_REGISTRY_URL to a registry's URL."
        )
    try:
        return str(own_registry.socket_path(program))
    except own_registry.NotStartedError as error:
        raise RegistryUnavailableError(f"The container registry: {error}. Its log has more.") from error


def fetch(
    method: str, target: str, headers: Mapping[str, str] | None = None, body: bytes | None = None
) -> RegistryResponse:
    """Send a request and return the complete response. Use it for small responses only.

    Raises:
        RegistryUnavailableError: no registry is configured, it does not respond in time, or it fails.
    """
    answer = read_response(open_response(method, target, headers, body))
    if answer.status >= 500:
        raise RegistryUnavailableError(f"The container registry failed ({answer.status} {answer.data!r}): see its log.")
    return answer


def read_response(answer: urllib3.BaseHTTPResponse) -> RegistryResponse:
    """Read the rest of a response and close it.

    Raises:
        RegistryUnavailableError: the connection breaks off.
    """
    try:
        return RegistryResponse(answer.status, answer.headers, answer.read(decode_content=False))
    except urllib3.exceptions.HTTPError as error:
        raise RegistryUnavailableError(f"The container registry's response broke off: {error}") from error
    finally:
        answer.close()
