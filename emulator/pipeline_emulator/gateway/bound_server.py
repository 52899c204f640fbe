"""Core's twisted server listens on every IPv4 interface, whatever GATEWAY_LISTEN says.

localstack-core 2026.3.0, localstack/runtime/server/twisted.py, `register`: "TODO: interface = host?". Anybody on the
same network could then use the stack, and the function's processes with it.
"""

from typing import Any

from localstack import config
from localstack.runtime.server.twisted import TwistedRuntimeServer
from rolo.gateway import Gateway
from twisted.internet import endpoints

from pipeline_emulator import patches


class BoundRuntimeServer(TwistedRuntimeServer):
    """The twisted server, on the named interfaces only."""

    def __init__(self) -> None:
        """Start unregistered, as core's."""
        super().__init__()  # type: ignore[no-untyped-call]

    def register(
        self,
        gateway: Gateway,
        listen: list[config.HostAndPort],
        ssl_creds: tuple[str, str] | None = None,
    ) -> None:
        """Register the gateway's listeners.

        Args:
            gateway: what answers requests.
            listen: addresses and ports of GATEWAY_LISTEN.
            ssl_creds: certificate and key file, as core passes them.
        """
        original: Any = endpoints.TCP4ServerEndpoint
        hosts = iter([entry.host for entry in listen if not config.is_ipv6_address(entry.host)])

        def bound(reactor: Any, port: int) -> Any:
            return original(reactor, port, interface=next(hosts))

        with patches.BIND_TO_ADDRESSES.replaced(bound):
            super().register(gateway, listen, ssl_creds)
