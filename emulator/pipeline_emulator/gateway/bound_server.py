"""The gateway's server: listens only on the addresses in GATEWAY_LISTEN.

Core's twisted server listens on every IPv4 interface, whatever GATEWAY_LISTEN says (localstack-core 2026.3.0,
localstack/runtime/server/twisted.py, `register`: "TODO: interface = host?"). Anyone on the same network could use the
stack, and through it run processes on this machine.
"""

import os
import sys
from contextlib import nullcontext
from typing import Any

from localstack import config
from localstack.runtime.server.twisted import TwistedRuntimeServer
from rolo.gateway import Gateway
from twisted.internet import endpoints, reactor

from pipeline_emulator import patches
from pipeline_emulator.gateway.fast import serving

_reactor: Any = reactor


class BoundRuntimeServer(TwistedRuntimeServer):
    """Core's twisted server, on the given interfaces only.

    Args:
        fast: whether it answers the requests that carry records itself, which needs the emulator's own handlers.
    """

    def __init__(self, *, fast: bool = True) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._fast = fast

    def register(
        self,
        gateway: Gateway,
        listen: list[config.HostAndPort],
        ssl_creds: tuple[str, str] | None = None,
    ) -> None:
        """Register the gateway's listeners.

        Args:
            gateway: answers the requests.
            listen: addresses and ports in GATEWAY_LISTEN.
            ssl_creds: paths of certificate and key, as core passes them.
        """
        original: Any = endpoints.TCP4ServerEndpoint
        hosts = iter([entry.host for entry in listen if not config.is_ipv6_address(entry.host)])

        def bound(reactor: Any, port: int) -> Any:
            return original(reactor, port, interface=next(hosts))

        with patches.BIND_TO_ADDRESSES.replaced(bound), serving.of(gateway) if self._fast else nullcontext():
            super().register(gateway, listen, ssl_creds)

    def shutdown(self) -> None:
        """Stop answering; end the process if it has not begun to answer.

        Core's server loses a call that comes before its reactor runs. LocalStack then runs on, and ignores every
        further signal. At that time nothing has been acknowledged, and no function runs.
        """
        if not _reactor.running:
            sys.stdout.flush()
            os._exit(0)
        super().shutdown()  # type: ignore[no-untyped-call]
