"""Refuses bodies that are larger than AWS allows, before they take memory or disk.

Twisted receives a whole body, in a temporary file if it is large, before an application gets the request. Here a body
over its limit is discarded while it arrives, whether its length is declared or it comes in chunks; then the request is
answered with AWS's error. A client that sends everything before it reads thus gets the answer.

The service is taken from the signature's scope. A request that names another one than it is for is checked again when
its service is known.
"""

import gzip
import io
from typing import Any

from localstack.aws.api import CommonServiceException, RequestContext
from localstack.aws.spec import load_service

from pipeline_emulator import patches
from pipeline_emulator.gateway import hooks, hosts, twisted_request
from pipeline_emulator.gateway.body_limits import (
    SMALLEST,
    Limit,
    is_for_registry,
    limit_of,
    limit_of_function_url,
    limit_of_registry,
    signed_for,
)

_DECODED_BYTES = 64 * 2**20
_READ_BYTES = 64 * 1024


class _LimitedBody:
    """Passes everything to the file that Twisted has made, until the body exceeds its limit."""

    def __init__(self, file: Any, limit: Limit, *, exceeded: bool) -> None:
        self._file = file
        self._limit = limit
        self._size = 0
        self.exceeded = limit if exceeded else None

    def write(self, data: bytes) -> None:
        """Write a chunk; once the limit is exceeded, drop it."""
        if self.exceeded:
            return
        self._size += len(data)
        if self._size <= self._limit.size:
            self._file.write(data)
            return
        self.exceeded = self._limit
        self._file.seek(0)
        self._file.truncate(0)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


class _LimitedDecoder:
    """Decodes a gzipped body up to a limit: a thousandth of it may be on the wire."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        """Read up to `size` bytes, or all.

        Raises:
            CommonServiceException: the body is too large.
        """
        wanted = _DECODED_BYTES + 1 if size < 0 else size
        content = io.BytesIO()
        while content.tell() < wanted and (data := self._stream.read(min(_READ_BYTES, wanted - content.tell()))):
            content.write(data)
        if content.tell() > _DECODED_BYTES:
            raise _refusal(Limit(_DECODED_BYTES))
        return content.getvalue()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def install() -> None:
    """Limit bodies as they arrive, as they are decoded, and once their service is known."""

    @patches.LIMIT_BODIES.wrap
    def got_length(original: Any, self: Any, length: int | None) -> None:
        original(self, length)
        if length is not None and length <= SMALLEST:
            return
        limit = _limit_of(self)
        if length is None or length > limit.size:
            self.content = _LimitedBody(self.content, limit, exceeded=length is not None)

    @patches.REFUSE_LARGE_BODIES.wrap
    def add_internal_request_params(original: Any, self: Any, chain: Any, context: RequestContext, answer: Any) -> None:
        limit = exceeded(context.request)
        if limit and not limit.of_registry:
            context.service = load_service(_loadable(_signed_for(context)))
            raise _refusal(limit)
        original(self, chain, context, answer)

    @patches.LIMIT_DECODED_BODIES.wrap
    def decode(original: Any, self: Any, chain: Any, context: RequestContext, answer: Any) -> None:
        original(self, chain, context, answer)
        request: Any = context.request
        if isinstance(request.stream, gzip.GzipFile):
            request.stream = _LimitedDecoder(request.stream)

    @patches.LIMIT_BODIES_BY_SERVICE.wrap
    def parse_service_name(original: Any, self: Any, chain: Any, context: RequestContext, answer: Any) -> None:
        original(self, chain, context, answer)
        size = context.request.content_length or 0
        if size > SMALLEST and context.service is not None:
            limit = _limit_for(str(context.service.service_name).removesuffix("-query"), context)
            if size > limit.size:
                raise _refusal(limit)


def exceeded(request: Any) -> Limit | None:
    """Return the limit that the body of a received request has exceeded, or None."""
    body = getattr(twisted_request.of(request.environ), "content", None)
    return body.exceeded if isinstance(body, _LimitedBody) else None


def _limit_of(request: Any) -> Limit:
    """Return the limit of a request whose headers Twisted has received."""

    def header(name: bytes) -> str:
        return str((request.requestHeaders.getRawHeaders(name) or [b""])[0].decode("latin-1"))

    if hosts.function_url_of(header(b"host")):
        return limit_of_function_url()
    uri, method = request.channel._path.decode("latin-1"), request.channel._command.decode("latin-1")
    path = uri.partition("?")[0]
    if is_for_registry(header(b"authorization"), path):
        return limit_of_registry(method, path, known=bool(hooks.may_push(header(b"authorization"))))
    service = signed_for(header(b"authorization"), header(b"x-amz-target"), path)
    return limit_of(service, method, uri, asynchronous=header(b"x-amz-invocation-type") == "Event")


def _limit_for(service: str, context: RequestContext) -> Limit:
    request = context.request
    uri = f"{request.path}?{request.query_string.decode('latin-1')}"
    return limit_of(service, request.method, uri, asynchronous=request.headers.get("X-Amz-Invocation-Type") == "Event")


def _signed_for(context: RequestContext) -> str:
    headers = context.request.headers
    return signed_for(headers.get("Authorization", ""), headers.get("X-Amz-Target", ""), context.request.path)


def _loadable(service: str) -> Any:
    """Return a service in whose form the error is written."""
    return service if service in {"lambda", "kinesis", "ecr", "sqs", "logs", "iam", "sts", "kms"} else "s3"


def _refusal(limit: Limit) -> CommonServiceException:
    return CommonServiceException(limit.code, limit.message, status_code=limit.status, sender_fault=True)
