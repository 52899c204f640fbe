"""Makes the gateway known to LocalStack under GATEWAY_SERVER=bound."""

from localstack.runtime.server.core import RuntimeServer, RuntimeServerPlugin


class BoundRuntimeServerPlugin(RuntimeServerPlugin):
    """Loads the server lazily, as every plugin module here."""

    name = "bound"

    def load(self, *_args: object, **_kwargs: object) -> RuntimeServer:
        """Return the server."""
        from pipeline_emulator.gateway.server import BoundRuntimeServer

        return BoundRuntimeServer()
