"""Streams that outlive LocalStack with PERSISTENCE=1: whether to keep them, where they are, how Terraform imports them.

After a crash LocalStack has only the Kinesis streams and the mappings' checkpoints left. Terraform's state was in
LocalStack's S3 and is lost, too, so Terraform creates everything again, and imports the streams that are left.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

from harness import console
from harness.errors import HarnessError, NoAnswerError
from harness.stack import interface
from harness.stack.clients import Clients
from harness.stack.state import Stack
from harness.terraform.planned import Planned

VARIABLE = "PERSISTENCE"
VALUES = {"0": False, "false": False, "1": True, "true": True}

LOSSES = "/_pipeline/kinesis/losses"
# What LocalStack prints last if its start ends for a reason that the user can do something about.
_REASON, _NEXT_STEP = "Localstack returning with exit code 1. Reason: ", "\nnext: "
NO_LOSSES = NoAnswerError(
    "this LocalStack does not say whether records are gone",
    "it is not this project's, or an older version: make local-down local-up",
)

IMPORT = """
import {{
  to = {address}
  id = {name}
}}
"""


def wanted(former: Stack | None) -> bool:
    """Return whether streams outlive LocalStack: as PERSISTENCE says, or if it is unset, as in the existing stack.

    Args:
        former: the existing stack, running or not.

    Raises:
        HarnessError: the value is unknown, or differs from that of the running stack.
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
    """Return the folder of an embedded LocalStack's state; in containers the state is in the volume `volume`."""
    return stack.folder / "localstack" / "var" / "lib" / "localstack" / "state"


def volume(stack: Stack) -> str:
    """Return the name of the volume that has the state of a LocalStack in a container."""
    return f"{stack.project}_state"


def streams(stack: Stack) -> list[str]:
    """Return the names of the streams that a new LocalStack has kept."""
    pages = Clients(stack).kinesis.get_paginator("list_streams").paginate()
    return [name for page in pages for name in page["StreamNames"]]


def imports(names: Iterable[str], planned: Planned) -> str:
    """Return Terraform configuration that imports existing streams, if they are the pipeline's.

    Args:
        names: of the existing streams.
        planned: what Terraform would make without the imports.
    """
    known = set(names)
    found = [each for each in planned.of_type("aws_kinesis_stream") if each.values.get("name") in known]
    return "".join(IMPORT.format(address=each.address, name=json.dumps(each.values["name"])) for each in found)


def refusal(log: str) -> HarnessError | None:
    """Return why LocalStack refused to start, for example because of a damaged file, or None if the log does not say.

    Args:
        log: what this LocalStack has printed.
    """
    _, given, reason = log.rpartition(_REASON)
    cause, separated, next_step = reason.strip().partition(_NEXT_STEP)
    return HarnessError(cause, next_step) if given and separated else None


def warn_of_losses(stack: Stack) -> None:
    """Warn if records that a former LocalStack acknowledged are gone: its files were damaged or removed.

    Raises:
        HarnessError: LocalStack does not respond.
    """
    found = interface.ask(stack, "GET", LOSSES, absent=NO_LOSSES)
    if found["unknown"]:
        console.warn(f"whether acknowledged records are gone is not known: {found['unknown']}")
    if found["records"]:
        by_stream = ", ".join(
            f"{one['stream'] or 'streams that are gone, too'}: {one['records']}" for one in found["streams"]
        )
        console.warn(f"{found['records']} acknowledged records are gone ({by_stream}); see {stack.localstack_log}")
