"""Starts the journal when LocalStack starts."""

from localstack.runtime import hooks


@hooks.on_infra_start()  # type: ignore[untyped-decorator]
def install_trace() -> None:
    """Record attempts from now on, and serve them below /_pipeline/."""
    from pipeline_emulator.trace.install import install

    install()
