"""Serves function URLs when LocalStack starts."""

from localstack.runtime import hooks


# Before the gateway's own hook (-100): its check of hosts and pages then stands before this handler in the chain.
@hooks.on_infra_start()  # type: ignore[untyped-decorator]
def install_function_urls() -> None:
    """Patch core before its gateway and its provider are created."""
    from pipeline_emulator.function_urls import configurations, install

    configurations.install()
    install.install()
