"""Serves function URLs in the gateway, in place of core's route."""

from collections.abc import Callable
from typing import Any

from localstack.aws.api import RequestContext
from localstack.http import Request, Response

from pipeline_emulator import patches
from pipeline_emulator.function_urls import cors, serving
from pipeline_emulator.gateway import hooks, hosts


def install() -> None:
    """Serve them from the gateway's start on, after its check of hosts and pages."""
    hooks.allows_page.subscribe(cors.allows_page)

    @patches.SERVE_FUNCTION_URLS.wrap
    def __init__(original: Callable[..., None], self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        self.request_handlers.insert(0, _handle)

    @patches.INVOKE_BY_URL.wrap
    def handle_lambda_url_invocation(
        _original: Callable[..., Response], _self: Any, request: Request, *_args: Any, **_parameters: Any
    ) -> Response:
        """Serve what core finds. No request should get this far."""
        return serving.serve(request)


def _handle(chain: Any, context: RequestContext, response: Response) -> None:
    """Serve a request to a function URL, and end the chain.

    Core's handlers would take its path for a bucket's or their own, decode its body, answer preflight requests, and add
    headers to the function's.
    """
    if hosts.function_url_of(context.request.environ.get("HTTP_HOST")) is None:
        return
    response.update_from(serving.serve(context.request))
    chain.terminate()
