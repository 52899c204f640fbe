"""HTTP client of the registry behind the gateway."""

from collections.abc import Mapping
from functools import cache
from typing import IO, NamedTuple

import urllib3

from pipeline_emulator.ecr.errors import RegistryUnavailableError
from pipeline_emulator.ecr.settings import registry_url

BLOCK_BYTES = 256 * 1024
# Seconds to connect, and between two reads: the registry hashes a layer before it acknowledges the upload.
_TIMEOUT = urllib3.Timeout(connect=5, read=60)


class RegistryResponse(NamedTuple):
    """A complete response of the registry."""

    status: int
    headers: Mapping[str, str]
    data: bytes


@cache
def _pool() -> urllib3.PoolManager:
    return urllib3.PoolManager(maxsize=32, timeout=_TIMEOUT, retries=False, blocksize=BLOCK_BYTES)


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
    url = registry_url()
    if url is None:
        raise RegistryUnavailableError(
            "LocalStack runs without a container registry: use the Docker runtime, or start LocalStack with "
            "PIPELINE_ECR_REGISTRY_URL set to a registry's URL."
        )
    try:
        return _pool().request(
            method, url + target, body=body, headers=headers or {}, preload_content=False, redirect=False
        )
    except urllib3.exceptions.HTTPError as error:
        raise RegistryUnavailableError(
            f"The container registry at {url} does not respond ({type(error).__name__}): start it, then try again."
        ) from error


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
