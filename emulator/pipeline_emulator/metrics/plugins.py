"""Starts the metrics when LocalStack starts."""

from localstack.runtime import hooks


@hooks.on_infra_start()  # type: ignore[untyped-decorator]
def install_metrics() -> None:
    """Change core before its services are made."""
    from pipeline_emulator.metrics.install import install

    install()
