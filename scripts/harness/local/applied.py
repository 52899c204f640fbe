"""What a stack's last apply was made from, so that the next one can leave out what cannot have changed.

Terraform alone decides what a change means. This only decides whether there is one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import Enum
from typing import Any

from botocore.exceptions import ClientError

from harness.errors import HarnessError
from harness.machine import files
from harness.setup import install
from harness.stack import mapping
from harness.stack.clients import Clients
from harness.stack.state import Stack
from harness.terraform.runner import Terraform

# What decides which code answers an event, and how.
FUNCTION = ("CodeSha256", "Version", "Environment", "Handler", "MemorySize", "Role", "Timeout")


class Change(Enum):
    """What has changed since the last apply."""

    NOTHING = "nothing"
    PACKAGE = "the function's package alone"
    ANYTHING = "anything"


def inputs(terraform: Terraform) -> dict[str, str]:
    """Return what an apply is made from: hashes of the configuration, with its variables, and of the package.

    Args:
        terraform: of the stack.
    """
    configuration, package = terraform.inputs()
    return {
        "configuration": install.text_digest(json.dumps([files.tree_digest(configuration), terraform.variables])),
        "package": files.tree_digest(package),
    }


def result(stack: Stack, state: Mapping[str, Any]) -> dict[str, str]:
    """Return what identifies the result of an apply: the state's serial, and the function that answers events.

    Args:
        stack: has Terraform's outputs.
        state: Terraform's state.
    """
    return {"state": f"{state.get('lineage')} {state.get('serial')}", "function": _function(stack)}


def _function(stack: Stack) -> str:
    client = Clients(stack).functions
    try:
        found = mapping.of(stack)
        configuration = client.get_function_configuration(FunctionName=found["FunctionArn"])
    except (ClientError, HarnessError):
        return "none"
    parts = {key: configuration.get(key) for key in FUNCTION}
    return install.text_digest(json.dumps([found["UUID"], found["FunctionArn"], parts], sort_keys=True))


def change(before: Mapping[str, str], wanted: Mapping[str, str], now: Mapping[str, str]) -> Change:
    """Compare a stack's last apply with what is wanted.

    Args:
        before: `inputs` and `result` of the last apply; empty for none.
        wanted: today's `inputs`.
        now: today's `result`.
    """
    if not before or any(before.get(key) != value for key, value in now.items()):
        return Change.ANYTHING
    other = [key for key, value in wanted.items() if before.get(key) != value]
    if not other:
        return Change.NOTHING
    return Change.PACKAGE if other == ["package"] else Change.ANYTHING
