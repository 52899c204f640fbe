"""A stack of its own, with a key as in production, whose function's role loses one permission after the other."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

import pytest

from harness import paths
from harness.console import Step
from harness.local import deployment, lifecycle
from harness.machine import processes
from harness.stack.state import EMBEDDED, Stack
from harness.terraform.runner import Terraform
from integration_tests.privileges.trials import PARTS

POLICY = paths.INFRASTRUCTURE / "bootstrap" / "deployer" / "actions.tf"


@pytest.fixture(scope="session", autouse=True)
def _known_actions() -> None:
    """Looks ACTIONS up in the policy's source before any stack is started."""
    asked = os.environ.get("ACTIONS", "")
    known = {"all", *PARTS, *re.findall(r'"(\w+:\w+)"', POLICY.read_text())}
    if unknown := sorted(set(filter(None, asked.split(","))) - known):
        pytest.fail(f"ACTIONS={asked}: the policy has no action and no part {', '.join(unknown)}", pytrace=False)


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """Without containers whatever RUNTIME says: the role and what is done with it are the same.

    The key is given to resources that are there, as `kms_enabled = true` does in a stage that has none.
    """
    name = f"privileges-{os.getpid()}"
    try:
        made, _ = lifecycle.up(name, "privileges", processes.free_ports(1)[0], EMBEDDED)
        terraform = Terraform(made, deployment.variables(made, made.run_id) | {"kms_enabled": "true"})
        terraform.apply(Step("a key"))
        assert terraform.plan_is_empty()
        yield made
    finally:
        lifecycle.down(name)
