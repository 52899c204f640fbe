"""Deploys the pipeline to another emulator, with the same Zip, model and Terraform."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from harness import current_model, function, local, processes, setup
from harness import stack as stacks
from harness.stack import EMBEDDED, Stack


@contextmanager
def deployed(name: str, start: Callable[[Stack], None]) -> Iterator[Stack]:
    """A stack on another emulator that has answered the sample event; removed completely afterwards.

    Args:
        name: the rival's.
        start: starts the emulator and waits until it answers.

    Raises:
        HarnessError: it did not start, Terraform failed on it, or it did not answer the event.
    """
    setup.for_runtime(EMBEDDED)  # the function's runtime, the Terraform provider
    stack = Stack(f"bench-{name}", "bench", processes.free_ports(1)[0])
    try:
        with stacks.locked(stack.name):
            local.down_locked(stack.name)
            with setup.exclusive("training and packaging"):
                trained = current_model.current(None)
                function.build()
            start(stack)
            local.deploy(stack, trained)
        yield stack
    finally:
        local.down(stack.name)
