"""Puts our Kinesis mapping worker in place of core's when LocalStack starts."""

from localstack.runtime import hooks


@hooks.on_infra_start()  # type: ignore[untyped-decorator]
def install_event_source() -> None:
    """Let core's worker factory make our worker for Kinesis sources."""
    from pipeline_emulator.event_source.install import install

    install()
