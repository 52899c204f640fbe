"""A stack of its own, whose function's role loses one permission after the other."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from harness import local, processes
from harness.stack import EMBEDDED, Stack


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """Without containers whatever RUNTIME says: the role and what is done with it are the same."""
    name = f"privileges-{os.getpid()}"
    try:
        yield local.up(name, "privileges", processes.free_ports(1)[0], EMBEDDED)[0]
    finally:
        local.down(name)
