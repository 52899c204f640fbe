"""Connects the pause to the gateway, and opens the API if there is a token for it."""

import os
from collections.abc import Callable
from typing import Any

from localstack.aws.api import RequestContext
from localstack.http import Response

from pipeline_emulator import patches
from pipeline_emulator.gateway import hooks
from pipeline_emulator.pause import PAUSE
from pipeline_emulator.snapshots import api, pickles

VARIABLE = "PIPELINE_SNAPSHOT_TOKEN"


def install() -> None:
    """Open the API, if there is a token: without one, no request has to be counted."""
    token = os.environ.pop(VARIABLE, "")  # no program that is started inherits it
    if not token:
        return
    pickles.install()
    api.install(token)
    hooks.may_wait.subscribe(lambda: PAUSE.holds_clients or None)

    @patches.ROUTE_REQUESTS.wrap
    def route(
        original: Callable[..., None], self: Any, chain: Any, context: RequestContext, response: Response
    ) -> None:
        if context.service is None or context.operation is None:
            original(self, chain, context, response)
            return
        name = f"{context.service.service_name}:{context.operation.name}"
        with PAUSE.request(name, internal=context.is_internal_call):
            original(self, chain, context, response)
