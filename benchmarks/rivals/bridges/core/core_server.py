"""Core's own server, on this machine's loopback address alone."""

from localstack.runtime.server.core import RuntimeServer

from pipeline_emulator.gateway.plugins import BoundRuntimeServerPlugin


class Plugin(BoundRuntimeServerPlugin):
    """`GATEWAY_SERVER=bound`."""

    def load(self, *_args: object, **_kwargs: object) -> RuntimeServer:
        """Return the server, without what the emulator answers faster."""
        from pipeline_emulator.gateway.bound_server import BoundRuntimeServer

        return BoundRuntimeServer(fast=False)
