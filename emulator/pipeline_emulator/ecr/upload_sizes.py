"""The size of a layer that is pushed in several requests. The gateway limits each of them as it arrives."""

import io
import re

from werkzeug import Request

from pipeline_emulator.authorization.signatures.raw import RawRequest
from pipeline_emulator.ecr import registry_client
from pipeline_emulator.gateway.body_limits import LAYER_BYTES

_RANGE = re.compile(r"(?:bytes=)?[0-9]+-([0-9]+)")


def is_too_large(request: Request, path: str) -> bool:
    """Return whether a request would make a layer too large; what has been uploaded of it is then deleted.

    Args:
        request: any request of a client, with its whole body.
        path: in the registry.
    """
    if request.method not in ("PATCH", "PUT") or "/blobs/uploads/" not in path:
        return False
    target = f"{path}?{request.query_string.decode()}"
    if fits(registry_client.fetch("GET", target).headers.get("Range"), _size(request)):
        return False
    registry_client.fetch("DELETE", target)
    return True


def fits(uploaded: str | None, size: int) -> bool:
    """Return whether a layer may become larger by `size` bytes.

    Args:
        uploaded: the range that the registry has, such as `0-99`.
        size: in bytes.
    """
    found = _RANGE.fullmatch(uploaded or "")
    before = int(found[1]) + 1 if found and found[1] != "0" else 0
    return before + size <= LAYER_BYTES


def _size(request: Request) -> int:
    """Return the size of a received body, whether it was declared or not."""
    content = RawRequest.of(request).content
    position = content.tell()
    size = content.seek(0, io.SEEK_END)
    content.seek(position)
    return size
