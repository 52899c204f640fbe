"""Installs the authorization when LocalStack starts, unless IAM_ENFORCEMENT=off."""

from localstack.runtime import hooks


# Before all other hooks: their handlers follow in the gateway's chain, and a fault strikes only what is allowed.
@hooks.on_infra_start(priority=100)  # type: ignore[untyped-decorator]
def install_authorization() -> None:
    """Authorize from the first request on."""
    from pipeline_emulator.authorization import install

    install.install()
