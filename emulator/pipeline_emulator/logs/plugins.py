"""Completes CloudWatch Logs when LocalStack starts."""

from localstack.runtime import hooks


@hooks.on_infra_start()  # type: ignore[untyped-decorator]
def install_logs() -> None:
    """Add the operations to core's provider class before the provider is made."""
    from pipeline_emulator.logs import encryption

    encryption.install()
