"""Installs the snapshots when LocalStack starts."""

from localstack.runtime import hooks


@hooks.on_infra_start()  # type: ignore[untyped-decorator]
def install_snapshots() -> None:
    """Open the API for snapshots, if a token is set."""
    from pipeline_emulator.snapshots.install import install

    install()
