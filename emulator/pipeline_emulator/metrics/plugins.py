"""Installs the metrics when LocalStack starts."""

from localstack.runtime import hooks


@hooks.on_infra_start()  # type: ignore[untyped-decorator]
def install_metrics() -> None:
    """Patch core before its services are created."""
    from pipeline_emulator.metrics.install import install

    install()
