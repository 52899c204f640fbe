"""Faults from outside the stack, as they happen on AWS: killed processes and changed configurations."""

from __future__ import annotations

import time
from collections.abc import Callable

from harness.local import lifecycle, runtimes, workers
from harness.machine.waiting import poll
from harness.stack import live, mapping
from harness.stack.clients import Clients
from harness.stack.state import Stack

SWITCH_DEADLINE = 60.0
END_DEADLINE = 30.0
FREEZE_SECONDS = 1.0


def kill_function(stack: Stack) -> bool:
    """Send SIGKILL to one of the function's environments, wherever in a batch it is."""
    found = workers.of(stack)[:1]
    for worker in found:
        worker.kill()
    return bool(found)


def freeze_function(stack: Stack) -> bool:
    """Stop an environment for a second, like a function that suddenly becomes slow."""
    found = workers.of(stack)[:1]
    for worker in found:
        worker.freeze()
        time.sleep(FREEZE_SECONDS)
        worker.thaw()
    return bool(found)


def switch_mapping(stack: Stack) -> bool:
    """Disable the event source mapping, wait until it is disabled, and enable it again."""
    client = Clients(stack).functions
    uuid = mapping.uuid(stack)

    def switch(state: str) -> None:
        client.update_event_source_mapping(UUID=uuid, Enabled=state == "Enabled")
        poll(
            lambda: client.get_event_source_mapping(UUID=uuid)["State"] == state,
            f"the mapping: {state}",
            SWITCH_DEADLINE,
        )

    try:
        switch("Disabled")
    finally:
        switch("Enabled")
    return True


def replace_function(stack: Stack) -> bool:
    """Publish a changed version, let it process events, and go back: two deployments while events flow."""
    with live.changed_function(stack, CHAOS="1"):
        pass
    return True


def kill_localstack(stack: Stack) -> bool:
    """Send SIGKILL to LocalStack and restart it as `make local-up` does. For stacks with PERSISTENCE=1 only."""
    runtimes.of(stack).kill(stack)
    poll(lambda: not stack.alive(), "the end of LocalStack", END_DEADLINE)
    lifecycle.restart(stack)
    return True


FAULTS: dict[str, Callable[[Stack], int]] = {
    "kill function": kill_function,
    "freeze function": freeze_function,
    "switch mapping": switch_mapping,
    "replace function": replace_function,
}
