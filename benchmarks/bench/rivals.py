"""Deploys the pipeline to another emulator, with the same Zip, model and Terraform."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from harness.local import deployment, lifecycle
from harness.machine import ports
from harness.model import current as current_model
from harness.setup import install
from harness.stack import state as stacks
from harness.stack.state import EMBEDDED, Stack


@contextmanager
def deployed(name: str, start: Callable[[Stack], None]) -> Iterator[Stack]:
    """A stack on another emulator that has answered the sample event; removed completely afterwards.

    Args:
        name: the rival's.
        start: starts the emulator and waits until it answers.

    Raises:
        HarnessError: it did not start, Terraform failed on it, or it did not answer the event.
    """
    install.for_runtime(EMBEDDED)  # the function's runtime, the Terraform provider
    stack = Stack(f"bench-{name}", "bench", ports.free_ports(1)[0])
    try:
        with stacks.locked(stack.name):
            lifecycle.down_locked(stack.name)
            with install.exclusive("training and packaging"):
                trained = current_model.current(None)
                deployment.build_function(stack.pipeline)
            start(stack)
            deployment.deploy(stack, trained)
        yield stack
    finally:
        lifecycle.down(stack.name)
