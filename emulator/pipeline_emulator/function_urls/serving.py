"""Serves requests to function URLs."""

import itertools
import logging
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from localstack.aws.api.lambda_ import InvocationType, InvokeMode, TooManyRequestsException
from localstack.http import Response
from localstack.services.lambda_.invocation.lambda_models import InvocationResult
from werkzeug import Request

from pipeline_emulator.arn import parse_function_arn
from pipeline_emulator.function_urls import addresses, cors, events, hooks, responses
from pipeline_emulator.function_urls.responses import Head, MalformedResponseError
from pipeline_emulator.gateway import large_bodies
from pipeline_emulator.gateway.pacing import BrokenOffError, paced
from pipeline_emulator.lambda_runtime import response_stream, traces
from pipeline_emulator.lambda_runtime.response_stream import ResponseStream
from pipeline_emulator.services import provider

LOG = logging.getLogger(__name__)

# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
_MAX_EVENT_BYTES = 6 * 2**20
_FORBIDDEN = (
    "Forbidden. For troubleshooting Function URL authorization issues, see:"
    " https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"
)
_OCTETS = "application/octet-stream"


def serve(request: Request) -> Response:
    """Return the response to a request whose host is that of a function URL."""
    host = request.environ.get("HTTP_HOST")
    config = addresses.configuration_of(host)
    if config is None:  # the text was recorded after the deletion of a URL's alias, in LocalStack's tests
        return _refusal(403, _FORBIDDEN if addresses.was_issued(host) else None)
    if config.cors and cors.is_preflight(request):
        return cors.preflight(request, config.cors)
    request_id = str(uuid.uuid4())
    trace = traces.header_of(request.headers.get("X-Amzn-Trace-Id"))
    response = _serve(request, config, request_id, trace)
    response.headers["x-amzn-requestid"] = request_id
    response.headers["X-Amzn-Trace-Id"] = trace.to_header_str()  # by now with the sampling decision
    if config.cors:
        cors.add_headers(response, request, config.cors)
    LOG.info("%s %s of %s => %s", request.method, request.path, config.function_arn, response.status_code)
    return response


def _serve(request: Request, config: Any, request_id: str, trace: Any) -> Response:
    access = hooks.authorize(request, config) or hooks.Access()
    if access.refused is not None:
        LOG.info("Refused a request to the URL of %s: %s", config.function_arn, access.refused)
        return _refusal(403, _FORBIDDEN)
    event = events.event_of(request, config, access, request_id, trace.to_header_str(), datetime.now(UTC))
    if large_bodies.exceeded(request) or len(event) > _MAX_EVENT_BYTES:
        return _refusal(413, f"Request must be smaller than {_MAX_EVENT_BYTES} bytes for the InvokeFunction operation")
    streams = config.invoke_mode == InvokeMode.RESPONSE_STREAM
    try:
        invoke = _invocation(config, event, request_id, trace)
        return _streamed(invoke, request) if streams else _buffered(invoke())
    except TooManyRequestsException:
        return _refusal(429, "Rate Exceeded.")
    except MalformedResponseError as error:
        LOG.warning("%s: %s", config.function_arn, error)
    except Exception:
        LOG.exception("The function URL of %s", config.function_arn)
    return _bad_gateway()


def _invocation(config: Any, event: bytes, request_id: str, trace: Any) -> Callable[[], InvocationResult]:
    arn = parse_function_arn(config.function_arn)

    def invoke() -> InvocationResult:
        result: InvocationResult = provider("lambda").lambda_service.invoke(
            function_name=arn.name,
            qualifier=arn.qualifier,
            account_id=arn.account,
            region=arn.region,
            invocation_type=InvocationType.RequestResponse,
            client_context=None,
            payload=event,
            request_id=request_id,
            trace_context={"aws_trace_header": trace},
        )
        return result

    return invoke


def _buffered(result: InvocationResult) -> Response:
    return _bad_gateway() if result.is_error else responses.of_payload(result.payload or b"")


def _streamed(invoke: Callable[[], InvocationResult], request: Request) -> Response:
    """Return a response whose body is sent while the function writes it.

    A function that does not stream has its answer sent as it is: only streamed answers have a head.
    """
    stream = response_stream.start(invoke)
    blocks = stream.blocks()
    try:
        head, begin = _head(stream, blocks)
    except MalformedResponseError:
        stream.abandon()
        raise
    # A function that has failed by now may have written more than the head before.
    if not begin and stream.has_failed() and not (begin := next(blocks, b"")):
        return _bad_gateway()
    body = paced(_body(begin, blocks, stream), request.environ, "a streamed response of a function URL")
    response = head.response(body)
    response.call_on_close(stream.abandon)
    return response


def _head(stream: ResponseStream, blocks: Iterator[bytes]) -> tuple[Head, bytes]:
    """Read the head of a response, and return it with the begin of the body.

    A response without a single byte has status 200, as on AWS:
    https://github.com/aws/aws-lambda-nodejs-runtime-interface-client/issues/97.
    """
    media_type = stream.content_type.partition(";")[0].strip().lower()
    if not stream.is_streamed or media_type != responses.INTEGRATION_TYPE:
        return Head(headers={"content-type": stream.content_type}), next(blocks, b"")
    data = b""
    for block in blocks:
        data += block
        if split := responses.split_prelude(data):
            return split
    if stream.has_failed():
        return Head(), b""
    if not data:
        return Head(headers={"content-type": _OCTETS}), b""
    raise MalformedResponseError("the response has ended within its head")


def _body(begin: bytes, blocks: Iterator[bytes], stream: ResponseStream) -> Iterator[bytes]:
    try:
        yield from itertools.chain([begin] if begin else [], blocks)
        if stream.has_failed():
            raise BrokenOffError("the function failed after a part of its response")
    finally:
        stream.abandon()


def _refusal(status: int, message: str | None) -> Response:
    errors = {403: "AccessDeniedException", 413: "RequestEntityTooLargeException", 429: "TooManyRequestsException"}
    response = Response(status=status, headers={"x-amzn-ErrorType": errors[status]})
    response.set_json({"Message": message})
    return response


def _bad_gateway() -> Response:
    return Response("Internal Server Error", 502, content_type="application/json")
