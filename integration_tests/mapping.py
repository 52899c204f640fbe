"""Changes the stack's event source mapping temporarily."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from harness.machine.waiting import poll
from harness.stack.clients import Clients
from harness.stack.state import Stack


@contextmanager
def changed_mapping(stack: Stack, **changes: Any) -> Iterator[None]:
    """The event source mapping with other settings, until the block ends.

    Args:
        stack: the stack with the mapping.
        changes: arguments for UpdateEventSourceMapping.
    """
    client, uuid = Clients(stack).functions, stack.outputs["event_source_mapping_id"]

    def update(**settings: Any) -> None:
        client.update_event_source_mapping(UUID=uuid, **settings)
        poll(
            lambda: client.get_event_source_mapping(UUID=uuid)["State"] == "Enabled",
            "the updated mapping",
            deadline=120,
        )

    before = client.get_event_source_mapping(UUID=uuid)
    update(**changes)
    try:
        yield
    finally:
        update(**{name: before[name] for name in changes})  # type: ignore[literal-required]
