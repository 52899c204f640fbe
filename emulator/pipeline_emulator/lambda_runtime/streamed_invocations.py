"""InvokeWithResponseStream, which core does not have.

https://docs.aws.amazon.com/lambda/latest/api/API_InvokeWithResponseStream.html
"""

import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from typing import Any

from localstack.aws.api import CommonServiceException, ServiceException
from localstack.aws.api.lambda_ import (
    InvalidParameterValueException,
    InvocationType,
    LogType,
    ResponseStreamingInvocationType,
)
from localstack.http import Response
from localstack.services.lambda_ import api_utils
from localstack.services.lambda_.invocation.lambda_models import InvocationResult

from pipeline_emulator import patches
from pipeline_emulator.gateway.pacing import paced
from pipeline_emulator.lambda_runtime import errors, event_stream, payloads, response_stream
from pipeline_emulator.lambda_runtime.response_stream import ResponseStream

_LOG_BYTES = 4096


def install() -> None:
    """Add the operation to core's provider, before it is created."""

    @patches.INVOKE_WITH_RESPONSE_STREAM.wrap
    def invoke_with_response_stream(
        _original: Callable[..., Any],
        self: Any,
        context: Any,
        function_name: str,
        invocation_type: str | None = None,
        log_type: str | None = None,
        client_context: str | None = None,
        qualifier: str | None = None,
        payload: Any = None,
        **_more: Any,
    ) -> Any:
        _check_type(invocation_type)
        account, region = api_utils.get_account_and_region(function_name, context)
        name, qualifier = api_utils.get_name_and_qualifier(function_name, qualifier, context)
        content = payload.read() if hasattr(payload, "read") else payload
        payloads.check(content, client_context)

        def invoke(kind: str) -> Any:
            return self.lambda_service.invoke(
                function_name=name,
                qualifier=qualifier,
                region=region,
                account_id=account,
                invocation_type=kind,
                client_context=client_context,
                request_id=context.request_id,
                trace_context=context.trace_context,
                payload=content,
                user_agent=context.request.user_agent.string,
            )

        if invocation_type == ResponseStreamingInvocationType.DryRun:
            invoke(InvocationType.DryRun)
            return Response(status=204)
        try:
            stream = response_stream.start(lambda: invoke(InvocationType.RequestResponse))
        except ServiceException:
            raise
        except Exception as error:
            # like core's Invoke
            text = f"Internal error while executing lambda {name}: {type(error).__name__}: {error}"
            raise CommonServiceException("ServiceException", f"[{context.request_id}] {text}", 500) from error
        return _response(stream, context, with_log=log_type == LogType.Tail)


def _check_type(invocation_type: str | None) -> None:
    allowed = [each.value for each in ResponseStreamingInvocationType]
    if invocation_type is not None and invocation_type not in allowed:
        raise InvalidParameterValueException(
            f"Value '{invocation_type}' at 'invocationType' failed to satisfy constraint: Member must satisfy enum"
            f" value set: [{', '.join(allowed)}]",
            Type="User",
        )


def _response(stream: ResponseStream, context: Any, *, with_log: bool) -> Response:
    headers = {"Content-Type": event_stream.CONTENT_TYPE, "X-Amzn-RequestId": context.request_id}
    if version := stream.version or stream.result().executed_version:
        headers["X-Amz-Executed-Version"] = version
    events = paced(_events(stream, with_log=with_log), context.request.environ, "a streamed function response")
    response = Response(events, 200, headers)
    response.call_on_close(stream.abandon)
    return response


def _events(stream: ResponseStream, *, with_log: bool) -> Iterator[bytes]:
    try:
        for block in stream.blocks():
            yield event_stream.encode("PayloadChunk", block, "application/octet-stream")
    finally:
        stream.abandon()
    content = json.dumps(_completion(stream.result(), with_log=with_log)).encode()
    yield event_stream.encode("InvokeComplete", content, "application/json")


def _completion(result: InvocationResult, *, with_log: bool) -> dict[str, str]:
    found: dict[str, str] = {}
    if result.is_error:
        document = result.payload or b""
        found = {"ErrorCode": errors.type_of(document), "ErrorDetails": document.decode(errors="replace")}
    if with_log:
        found["LogResult"] = b64encode((result.logs or "").encode()[-_LOG_BYTES:]).decode()
    return found
