"""Installs the authorization when LocalStack starts, unless IAM_ENFORCEMENT=off."""

from localstack.runtime import hooks


# Before all other hooks: their handlers then follow in the chain, so that faults affect only authorized requests.
@hooks.on_infra_start(priority=100)  # type: ignore[untyped-decorator]
def install_authorization() -> None:
    """Install the authorization before the first request."""
    from pipeline_emulator.authorization import install

    install.install()
