"""Registers the gateway's server (GATEWAY_SERVER=bound), imports core and loads the services at startup."""

from localstack.runtime import hooks
from localstack.runtime.server.core import RuntimeServer, RuntimeServerPlugin


class BoundRuntimeServerPlugin(RuntimeServerPlugin):
    """Imports the server only when GATEWAY_SERVER selects it."""

    name = "bound"

    def load(self, *_args: object, **_kwargs: object) -> RuntimeServer:
        """Return the server."""
        from pipeline_emulator.gateway.bound_server import BoundRuntimeServer

        return BoundRuntimeServer()


@hooks.on_runtime_create()  # type: ignore[untyped-decorator]
def import_core() -> None:
    """Import core without what it does not need."""
    from pipeline_emulator.gateway import core_imports

    core_imports.begin()


# Runs after all other hooks: they choose providers and patch what is loaded here.
@hooks.on_infra_start(priority=-100)  # type: ignore[untyped-decorator]
def load_services() -> None:
    """Guard the gateway, load the pipeline's services one after the other, then tune the process."""
    from pipeline_emulator import memory_at_rest, owner
    from pipeline_emulator.authorization import policy_documents
    from pipeline_emulator.gateway import (
        browsers,
        bucket_acls,
        bucket_events,
        bucket_notifications,
        constraints,
        core_adjustments,
        credentials,
        http2,
        input_transformers,
        key_aliases,
        large_bodies,
        malformed_requests,
        moto_requests,
        neighbours,
        queue_urls,
        twisted_request,
    )
    from pipeline_emulator.services import freeze_loaded_objects, load

    browsers.install()
    twisted_request.install()
    http2.install()
    core_adjustments.keep_fractions()
    credentials.install()
    moto_requests.install()
    core_adjustments.use_own_s3_folder()
    core_adjustments.choose_providers()
    core_adjustments.correct_neighbours()
    bucket_acls.install()
    bucket_events.install()
    bucket_notifications.install()
    core_adjustments.read_managed_policies_when_asked()
    malformed_requests.install()
    constraints.install()
    neighbours.install()
    input_transformers.install()
    key_aliases.install()
    policy_documents.install()
    large_bodies.install()
    queue_urls.install()
    load()
    core_adjustments.reduce_request_overhead()
    freeze_loaded_objects()
    memory_at_rest.start()
    owner.watch()
