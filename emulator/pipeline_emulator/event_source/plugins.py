"""Replaces core's worker for mappings of streams when LocalStack starts."""

from localstack.runtime import hooks


@hooks.on_infra_start()  # type: ignore[untyped-decorator]
def install_event_source() -> None:
    """Make core's worker factory create the emulator's worker for streams."""
    from pipeline_emulator.event_source.install import install

    install()
