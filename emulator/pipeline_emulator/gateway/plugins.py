"""Registers the gateway's server (GATEWAY_SERVER=bound), and loads the services at startup."""

from localstack.runtime import hooks
from localstack.runtime.server.core import RuntimeServer, RuntimeServerPlugin


class BoundRuntimeServerPlugin(RuntimeServerPlugin):
    """Imports the server only when it is used."""

    name = "bound"

    def load(self, *_args: object, **_kwargs: object) -> RuntimeServer:
        """Return the server."""
        from pipeline_emulator.gateway.bound_server import BoundRuntimeServer

        return BoundRuntimeServer()


# After all other hooks, which choose providers and patch what is loaded here.
@hooks.on_infra_start(priority=-100)  # type: ignore[untyped-decorator]
def load_services() -> None:
    """Load the pipeline's services in one thread, then tune the process."""
    from pipeline_emulator.gateway.s3_storage import keep_apart
    from pipeline_emulator.gateway.timestamps import keep_fractions
    from pipeline_emulator.gateway.twisted_tuning import serve_faster
    from pipeline_emulator.services import freeze_loaded_objects, load

    keep_fractions()
    keep_apart()
    load()
    serve_faster()
    freeze_loaded_objects()
