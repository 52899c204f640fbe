"""Makes the gateway's server use the fast channel."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from localstack import config
from localstack.http import Response
from twisted.web.http import _GenericHTTPChannelProtocol

from pipeline_emulator import patches
from pipeline_emulator.gateway.fast.channel import FastHTTPChannel
from pipeline_emulator.gateway.fast.fast_chain import FastChain


def of(gateway: Any) -> AbstractContextManager[None]:
    """Return a context in which a server made for the gateway serves some of its requests fast."""
    if config.DEBUG_HANDLER_CHAIN:  # shows what the whole chain does
        return nullcontext()
    chains: list[FastChain] = []

    def answer(environ: dict[str, Any]) -> Response:
        if not chains:  # at the first request, the gateway has all its handlers
            chains.append(FastChain(gateway))
        return chains[0].answer(environ)

    return patches.SERVE_FAST.replaced(lambda: _GenericHTTPChannelProtocol(FastHTTPChannel(answer)))
