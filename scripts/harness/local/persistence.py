"""Streams that outlive LocalStack under PERSISTENCE=1: whether they do, what is theirs, and how Terraform finds them.

LocalStack's state is gone after a crash but for the Kinesis streams and the mappings' checkpoints. Terraform's own
state lay in LocalStack's S3 and is gone, too: everything is created again, and the streams that are there are imported.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from harness.errors import HarnessError
from harness.stack.clients import Clients
from harness.stack.state import Stack

VARIABLE = "PERSISTENCE"
VALUES = {"0": False, "false": False, "1": True, "true": True}

IMPORTS = """
locals {{
  kept_streams = {names}
}}

import {{
  for_each = setintersection(local.kept_streams, [local.source_stream_name])
  to       = module.source_stream.aws_kinesis_stream.this
  id       = each.value
}}

import {{
  for_each = setintersection(local.kept_streams, [local.output_stream_name])
  to       = module.output_stream.aws_kinesis_stream.this
  id       = each.value
}}
"""


def wanted(former: Stack | None) -> bool:
    """Whether streams are to outlive LocalStack: what PERSISTENCE says; when it is unset, as in the stack that is here.

    Args:
        former: the stack that is here, running or not.

    Raises:
        HarnessError: the value is unknown, or it is not that of the running stack.
    """
    text = os.environ.get(VARIABLE) or None
    if text is None:
        return former is not None and former.persistent
    if text.lower() not in VALUES:
        raise HarnessError(
            f"{VARIABLE}={text} is neither 0 nor 1", f"use {VARIABLE}=1 to keep streams, or leave it out"
        )
    asked = VALUES[text.lower()]
    if former is not None and former.alive() and asked != former.persistent:
        raise HarnessError(
            f"the stack runs with {VARIABLE}={int(former.persistent)}",
            "take it down before changing that: make local-down",
        )
    return asked


def folder(stack: Stack) -> Path:
    """Where an embedded LocalStack keeps its state; in containers it is the volume `volume`."""
    return stack.folder / "localstack" / "var" / "lib" / "localstack" / "state"


def volume(stack: Stack) -> str:
    """Name of the volume in which a LocalStack in a container keeps its state."""
    return f"{stack.project}_state"


def streams(stack: Stack) -> list[str]:
    """Names of the streams that a LocalStack just started has from before."""
    pages = Clients(stack).kinesis.get_paginator("list_streams").paginate()
    return [name for page in pages for name in page["StreamNames"]]


def imports(names: list[str]) -> str:
    """Terraform configuration that takes existing streams over, where they are the pipeline's."""
    return IMPORTS.format(names=json.dumps(names))
