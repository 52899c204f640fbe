"""Runs the gateway's own handlers for a request, except those that have nothing to do for it."""

import functools
from typing import Any

from localstack.aws import handlers
from localstack.aws.api import RequestContext, ServiceException
from localstack.aws.api.core import ServiceOperation
from localstack.aws.chain import HandlerChain
from localstack.aws.handlers.service_plugin import ServiceLoaderForDataPlane
from localstack.aws.spec import load_service
from localstack.http import Response

from pipeline_emulator.gateway import twisted_request
from pipeline_emulator.gateway.fast import light_request, messages
from pipeline_emulator.gateway.fast.request_head import OPERATIONS, Head

_JSON = "application/x-amz-json-1.1"
_SUBSCRIBE = "SubscribeToShard"
_service = functools.cache(load_service)
# None of them does anything for a request that `request_head` recognises: it has no path or that of Lambda's Invoke, no
# Origin, no Content-Encoding, a signature, and a host that names nothing.
_LEFT_OUT = (
    handlers.enforce_cors,
    handlers.content_decoder,
    handlers.validate_request_schema,
    handlers.serve_localstack_resources,
    handlers.serve_edge_router_rules,
    handlers.parse_pre_signed_url_request,
    handlers.inject_auth_header_if_missing,
)
_LEFT_OUT_OF_RESPONSES = (handlers.validate_response_schema,)


class FastChain:
    """Answers requests by a gateway's handlers. Handlers that are added to the gateway later are not seen."""

    def __init__(self, gateway: Any) -> None:
        """Choose from the handlers of a gateway that is complete."""
        self._gateway = gateway
        instead = {handlers.parse_service_name: self._name, handlers.parse_service_request: self._parse}
        instead[gateway.service_request_router] = self._serve
        self._request_handlers = [
            instead.get(each, each)
            for each in gateway.request_handlers
            if each not in _LEFT_OUT and not isinstance(each, ServiceLoaderForDataPlane)
        ]
        self.response_handlers = [each for each in gateway.response_handlers if each not in _LEFT_OUT_OF_RESPONSES]

    def answer(self, environ: dict[str, Any]) -> Response:
        """Return the response to a request.

        Args:
            environ: its WSGI environment, with the headers as sent in `rolo.headers`.
        """
        request: Any = light_request.whole(environ)
        response = Response()
        chain: Any = HandlerChain(
            self._request_handlers, self.response_handlers, self._gateway.finalizers, self._gateway.exception_handlers
        )
        chain.handle(RequestContext(request), response)
        return response

    def _name(self, chain: Any, context: Any, response: Response) -> None:
        context.service = _service(_head(context).service)
        handlers.parse_service_name(chain, context, response)

    def _parse(self, chain: Any, context: Any, response: Response) -> None:
        name = _head(context).operation
        if _is_decodable(context, name) and (found := messages.decoded(name, context.request.get_data())) is not None:
            context.operation, context.service_request = context.service.operation_model(name), found
            return
        handlers.parse_service_request(chain, context, response)

    def _serve(self, chain: Any, context: Any, response: Response) -> None:
        """Call the service. What core's handler would serialize, and any error, is left to it."""
        router = self._gateway.service_request_router
        operation = context.operation.name
        route = router.handlers.get(ServiceOperation(context.service.service_name, operation))
        if route is None or not context.service_request or not _is_decodable(context, operation):
            router(chain, context, response)
            if (
                operation == _SUBSCRIBE
                and context.service_response
                and context.request.headers["Content-Type"] == _JSON
            ):
                response.response = messages.encoded_events(context.service_response["EventStream"])
            return
        try:
            result = route.skeleton.dispatch_table[operation](context, context.service_request)
        except ServiceException as error:
            response.update_from(handlers.handle_service_exception.create_exception_response(error, context))
            return
        context.service_response = result
        response.headers["Content-Type"] = _JSON
        response.headers["x-amzn-RequestId"] = str(context.request_id)
        response.data = messages.encoded(result)


def _head(context: RequestContext) -> Head:
    received: Any = twisted_request.of(context.request.environ)
    head: Head = received.head
    return head


def _is_decodable(context: Any, operation: str) -> bool:
    return operation in OPERATIONS and context.request.headers["Content-Type"] == _JSON
