"""Makes the gateway's server use the fast channel."""

import functools
from collections.abc import Generator
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from localstack import config
from twisted.web.http import _GenericHTTPChannelProtocol

from pipeline_emulator import patches
from pipeline_emulator.gateway.fast.channel import FastHTTPChannel
from pipeline_emulator.gateway.fast.direct import DirectAnswers
from pipeline_emulator.gateway.fast.fast_chain import FastChain
from pipeline_emulator.gateway.fast.received import Received, pieces


def of(gateway: Any) -> AbstractContextManager[None]:
    """Return a context in which a server made for the gateway serves some of its requests fast."""
    if config.DEBUG_HANDLER_CHAIN:  # shows what the whole chain does
        return nullcontext()

    @functools.cache
    def answers() -> tuple[FastChain, DirectAnswers]:
        chain = FastChain(gateway)
        return chain, DirectAnswers(gateway, chain.response_handlers)

    def answer(received: Received) -> Generator[bytes]:
        chain, direct = answers()  # at the first request, the gateway has all its handlers
        if (whole := direct.answer(received)) is not None:
            yield whole
            return
        environ = received.environ()
        yield from pieces(chain.answer(environ), environ)

    return patches.SERVE_FAST.replaced(lambda: _GenericHTTPChannelProtocol(FastHTTPChannel(answer)))
