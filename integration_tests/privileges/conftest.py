"""A separate stack with a key, as in production; its function's role loses one permission at a time."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

import pytest

from harness import paths
from harness.console import Step
from harness.local import deployment, lifecycle
from harness.machine import ports
from harness.stack.state import EMBEDDED, Stack
from harness.terraform.runner import Terraform
from integration_tests.privileges.trials import PARTS

POLICY = paths.INFRASTRUCTURE / "bootstrap" / "deployer" / "actions.tf"


@pytest.fixture(scope="session", autouse=True)
def _known_actions() -> None:
    """Checks ACTIONS against the policy's source before any stack starts."""
    asked = os.environ.get("ACTIONS", "")
    known = {"all", *PARTS, *re.findall(r'"(\w+:\w+)"', POLICY.read_text())}
    if unknown := sorted(set(filter(None, asked.split(","))) - known):
        pytest.fail(f"ACTIONS={asked}: the policy has no action and no part {', '.join(unknown)}", pytrace=False)


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """A stack without containers, whatever RUNTIME says: the role and its uses are the same.

    The key is added to existing resources, as `kms_enabled = true` does in a stage without one.
    """
    name = f"privileges-{os.getpid()}"
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("LAMBDA_REFUSE_TRACING", "1")  # a missing permission must show
            made, _ = lifecycle.up(name, "privileges", ports.free_ports(1)[0], EMBEDDED)
        terraform = Terraform(made, deployment.variables(made, made.run_id) | {"kms_enabled": "true"})
        terraform.apply(Step("a key"))
        assert terraform.plan_is_empty()
        yield made
    finally:
        lifecycle.down(name)
