"""Installs the interface when LocalStack starts with FAULTS=1."""

import os

from localstack.runtime import hooks


# After CloudWatch's and others' handlers: a fault is the last that happens to a request.
@hooks.on_infra_start(should_load=os.environ.get("FAULTS") == "1")  # type: ignore[untyped-decorator]
def install_faults() -> None:
    """Open the interface; no rule is in force yet."""
    from pipeline_emulator.faults.install import install

    install()
