"""Mends core's Kinesis provider when LocalStack starts."""

from localstack.runtime import hooks


@hooks.on_infra_start()  # type: ignore[untyped-decorator]
def install_kinesis() -> None:
    """Keep tags, and tell pollers of puts."""
    from pipeline_emulator.kinesis.install import install

    install()
