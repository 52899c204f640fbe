"""One process of the AWS provider for many commands of Terraform.

Terraform starts the provider two or three times for each run block of a test, and each start costs as much processor
time as the run. Providers can be started by hand and attached to, which is how their authors debug them:
https://developer.hashicorp.com/terraform/plugin/debugging
"""

from __future__ import annotations

import contextlib
import re
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from harness.console import warn

_PROVIDER = "providers/registry.terraform.io/hashicorp/aws/*/*/terraform-provider-aws*"
_ATTACH = re.compile(r"TF_REATTACH_PROVIDERS='(?P<how>.+)'")
_START_SECONDS = 30.0
# The provider can be configured repeatedly in one process, but not with an additional CA bundle.
_LEFT_OUT = "AWS_CA_BUNDLE"


@contextlib.contextmanager
def aws_provider(data: Path, env: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Run the provider while the context lasts, and return the environment for Terraform.

    Only for commands that reach no AWS endpoint over TLS. If the provider does not start in time, Terraform is left to
    start it itself.

    Args:
        data: Terraform's data directory of an initialized configuration, `.terraform`.
        env: the whole environment.
    """
    env = {name: text for name, text in env.items() if name != _LEFT_OUT}
    programs = sorted(data.glob(_PROVIDER))
    if not programs:
        warn("the AWS provider was not found: Terraform starts it anew for each test")
        yield env
        return
    log = data / "provider.log"
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [programs[-1], "-debug"], env=env, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink
        )
    try:
        how = _how_to_attach(process, log)
        if how is None:
            warn("the AWS provider did not start by hand: Terraform starts it anew for each test")
        yield {**env, "TF_REATTACH_PROVIDERS": how} if how else env
    finally:
        process.kill()
        process.wait()


def _how_to_attach(process: subprocess.Popen[bytes], log: Path) -> str | None:
    """Wait for the value of TF_REATTACH_PROVIDERS that the provider prints."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if found := _ATTACH.search(log.read_text(errors="replace")):
            return found["how"]
        time.sleep(0.1)
    return None
