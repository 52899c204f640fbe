"""Makes the gateway known to LocalStack under GATEWAY_SERVER=bound."""

from localstack.runtime import hooks
from localstack.runtime.server.core import RuntimeServer, RuntimeServerPlugin


class BoundRuntimeServerPlugin(RuntimeServerPlugin):
    """Loads the server lazily, as every plugin module here."""

    name = "bound"

    def load(self, *_args: object, **_kwargs: object) -> RuntimeServer:
        """Return the server."""
        from pipeline_emulator.gateway.server import BoundRuntimeServer

        return BoundRuntimeServer()


# After all other hooks: they choose providers and change what is loaded here.
@hooks.on_infra_start(priority=-100)  # type: ignore[untyped-decorator]
def load_services() -> None:
    """Load the pipeline's services in one thread, then tune what they leave."""
    from pipeline_emulator.gateway.fractions import keep_fractions
    from pipeline_emulator.gateway.objects import keep_apart
    from pipeline_emulator.gateway.tuning import serve_faster
    from pipeline_emulator.services import freeze_loaded_objects, load

    keep_fractions()
    keep_apart()
    load()
    serve_faster()
    freeze_loaded_objects()
