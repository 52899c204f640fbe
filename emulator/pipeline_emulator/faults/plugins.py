"""Installs fault injection when LocalStack starts with FAULTS=1."""

import os

from localstack.runtime import hooks


# Installed after the handlers of CloudWatch and others: a fault is the last thing to happen to a request.
@hooks.on_infra_start(should_load=os.environ.get("FAULTS") == "1")  # type: ignore[untyped-decorator]
def install_faults() -> None:
    """Install fault injection. No rule is in force yet."""
    from pipeline_emulator.faults.install import install

    install()
