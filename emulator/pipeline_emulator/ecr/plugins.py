"""Registers ECR with LocalStack: its provider, and the registry's paths on the gateway."""

from localstack.runtime import hooks
from localstack.services.plugins import Service, aws_provider


@aws_provider()  # type: ignore[untyped-decorator]
def ecr() -> Service:
    """Return the service behind the API. LocalStack calls this at the first request to ECR."""
    from pipeline_emulator.ecr.provider import create_service

    return create_service()


@hooks.on_infra_start()  # type: ignore[untyped-decorator]
def install_registry() -> None:
    """Serve the registry's HTTP API from the start: a client may use it before any request to ECR."""
    from pipeline_emulator.ecr import lifecycle, requests, routes, snapshots

    routes.install()
    lifecycle.install()
    requests.install()
    snapshots.install()
