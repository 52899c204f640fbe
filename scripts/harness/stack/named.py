"""Checks that what `pipeline.toml` names in `[outputs]` exists and is connected."""

from __future__ import annotations

from harness.stack import mapping
from harness.stack.clients import Clients
from harness.stack.state import Stack

STREAMS = ("source_stream", "output_stream")


def check(stack: Stack) -> None:
    """Check what `[outputs]` names, once Terraform has been applied.

    Raises:
        HarnessError: a stream does not exist, or no mapping leads from the source stream to the function.
    """
    clients, names = Clients(stack), stack.resources
    pages = clients.kinesis.get_paginator("list_streams").paginate()
    made = [name for page in pages for name in page["StreamNames"]]
    for key in STREAMS:
        if (name := getattr(names, key)) not in made:
            cause = f"there is no stream {name}; Terraform made {', '.join(made) or 'none'}"
            raise stack.pipeline.mistake(["outputs", key], cause, f"correct outputs.{key}, then make local-up")
    mapping.find(clients.functions, names)
