"""A stack of its own, with a key as in production, whose function's role loses one permission after the other."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from harness import local, processes
from harness.console import Step
from harness.stack import EMBEDDED, Stack
from harness.terraform import Terraform


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """Without containers whatever RUNTIME says: the role and what is done with it are the same.

    The key is given to resources that are there, as `kms_enabled = true` does in a stage that has none.
    """
    name = f"privileges-{os.getpid()}"
    try:
        made, _ = local.up(name, "privileges", processes.free_ports(1)[0], EMBEDDED)
        terraform = Terraform(made, local.variables(made, made.run_id) | {"kms_enabled": "true"})
        terraform.apply(Step("a key"))
        assert terraform.plan_is_empty()
        yield made
    finally:
        local.down(name)
