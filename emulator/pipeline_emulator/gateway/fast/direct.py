"""Answers the requests that carry records without core's chain of handlers, where that would do nothing else.

What decides about a request is the same: the guard of hosts, the authorization, the operation. Left out are handlers
that have nothing to do for these requests, and werkzeug's classes. An error takes the usual way to the client.
"""

import functools
import logging
from typing import Any

from localstack import config, constants
from localstack.aws import handlers
from localstack.aws.accounts import get_account_id_from_access_key_id
from localstack.aws.api import RequestContext
from localstack.aws.api.core import ServiceOperation
from localstack.aws.chain import HandlerChain
from localstack.aws.spec import load_service
from localstack.http import Response
from localstack.runtime import events
from localstack.utils.aws.arns import get_partition
from twisted.web.http import datetimeToString
from twisted.web.server import version

from pipeline_emulator.gateway import hooks
from pipeline_emulator.gateway.browsers import Guard
from pipeline_emulator.gateway.fast import messages
from pipeline_emulator.gateway.fast.light_request import LightRequest
from pipeline_emulator.gateway.fast.received import Received, pieces
from pipeline_emulator.gateway.fast.request_head import END, OPERATIONS

JSON = "application/x-amz-json-1.1"
_SERVICE = "kinesis"
_PROTOCOL: Any = "json"
_BEGINNING = b"HTTP/1.1 200 OK\r\nServer: " + version + b"\r\nDate: "
_MARK = f"\r\n{constants.HEADER_LOCALSTACK_IDENTIFIER}: true" if config.LOCALSTACK_RESPONSE_HEADER_ENABLED else ""
_TYPE = f"\r\nContent-Type: {JSON}{_MARK}\r\nx-amzn-RequestId: ".encode()
_date: Any = datetimeToString  # twisted has few types
_CUSTOM: Any = handlers.serve_custom_service_request_handlers  # those for requests to any service
_rewriter: Any = handlers.rewrite_region.region_rewriter_strategy


class DirectAnswers:
    """Answers requests by a gateway's own guard, authorization and services."""

    def __init__(self, gateway: Any, response_handlers: list[Any]) -> None:
        """Answer for a gateway that is complete.

        Args:
            gateway: core's.
            response_handlers: what a response with an error passes.
        """
        self._gateway = gateway
        self._response_handlers = response_handlers
        self._guard: Guard = next(each for each in gateway.request_handlers if isinstance(each, Guard))
        self._service = load_service(_SERVICE)
        self._models = {name: self._service.operation_model(name) for name in OPERATIONS}
        self._logger = handlers.log_response.aws_logger
        self._is_counted = not config.DISABLE_EVENTS or config.is_collect_metrics_mode()

    def answer(self, received: Received) -> bytes | None:
        """Return the response, or None if a handler that is left out here may have something to do."""
        head = received.head
        operation, values = head.operation, head.values
        if operation not in OPERATIONS or values["content-type"] != JSON or self._is_watched():
            return None
        request: Any = LightRequest(received)
        route = self._gateway.service_request_router.handlers.get(ServiceOperation(_SERVICE, operation))
        place = place_of(values["authorization"].partition(",")[0])
        parameters = messages.decoded(operation, received.body)
        if route is None or place is None or not parameters or self._guard.problem(request):
            return None
        context: Any = RequestContext(request)
        account, region, partition = place
        vars(context).update(  # its own setter takes longer
            account_id=account, region=region, partition=partition, service=self._service, protocol=_PROTOCOL,
            operation=self._models[operation], service_request=parameters,
        )  # fmt: skip
        return self._served(route, context, operation)

    def _served(self, route: Any, context: Any, operation: str) -> bytes:
        try:
            for handler in _CUSTOM.handlers:
                handler(None, context, None)
            body = messages.encoded(route.skeleton.dispatch_table[operation](context, context.service_request))
        except Exception as error:
            return self._failed(error, context)
        self._logger.info("AWS %s.%s => %s", _SERVICE, operation, 200)
        length = b"\r\nContent-Length: %d" % len(body)
        return b"".join((_BEGINNING, _date(), _TYPE, str(context.request_id).encode(), length, END, body))

    def _failed(self, error: Exception, context: Any) -> bytes:
        def fail(*_: Any) -> Any:
            raise error

        context.request, response = context.request.whole, Response()
        gateway = self._gateway
        handle: list[Any] = [fail]
        chain: Any = HandlerChain(handle, self._response_handlers, gateway.finalizers, gateway.exception_handlers)
        chain.handle(context, response)
        return b"".join(pieces(response, context.request.environ))

    def _is_watched(self) -> bool:
        """Return whether a handler that is left out has something to do for every request, at the moment."""
        return (
            self._is_counted
            or self._logger.isEnabledFor(logging.DEBUG)
            or events.infra_stopping.is_set()
            or bool(hooks.sees_requests())
        )


@functools.lru_cache(maxsize=1000)
def place_of(authorization: str) -> tuple[str, str, str] | None:
    """Return account, region and partition of a request; None if core has to change the region.

    Args:
        authorization: the header up to the credential, which a client sends for a day.
    """
    key, _, region, *_ = authorization.partition("Credential=")[2].split("/")
    if region not in _rewriter.available_regions:
        return None
    return get_account_id_from_access_key_id(key), region, get_partition(region)
