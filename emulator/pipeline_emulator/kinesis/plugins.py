"""Registers the Kinesis provider with LocalStack and selects it at startup."""

from localstack.runtime import hooks
from localstack.services.plugins import Service, aws_provider


@aws_provider(name="pipeline")  # type: ignore[untyped-decorator]
def kinesis() -> Service:
    """Return the service behind the API; LocalStack calls this at the first Kinesis request."""
    from pipeline_emulator.kinesis.provider.service import create_service

    return create_service()


@hooks.on_infra_start()  # type: ignore[untyped-decorator]
def install_kinesis() -> None:
    """Select the provider."""
    from pipeline_emulator.kinesis.install import install

    install()
