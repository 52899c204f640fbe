"""The emulators that the tests run against: ours, and the core that it builds on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from benchmarks.rivals import core, tools
from harness.errors import HarnessError
from harness.local import localstack
from harness.stack.state import Stack

# As ours does by default: core's own DynamoDB is a program in Java, which its vendor's terms keep out of here.
_MOTO = {"PROVIDER_OVERRIDE_DYNAMODB": "moto", "PROVIDER_OVERRIDE_DYNAMODBSTREAMS": "moto"}
# The tests grant less than AWS asks for today: lambda:InvokeFunctionUrl without lambda:InvokeFunction.
_OURS = {"IAM_ENFORCEMENT": "off"}


def _start_ours(stack: Stack) -> None:
    stack.settings |= _OURS
    localstack.start(stack)


def _start_core(stack: Stack) -> None:
    # Function URLs are below this name: a name below a number is no name, and 20 tests would fail for it.
    core.start(stack, {**_MOTO, "LOCALSTACK_HOST": f"localhost.localstack.cloud:{stack.port}"})


_STARTS: dict[str, Callable[[Stack], None]] = {"ours": _start_ours, "core": _start_core}
NAMES = tuple(_STARTS)


def chosen(text: str) -> list[str]:
    """Parse a comma-separated list of targets.

    Raises:
        HarnessError: a name is unknown, or there is none.
    """
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names or (unknown := [name for name in names if name not in NAMES]):
        wrong = f"'{unknown[0]}' is unknown" if names else "no target"
        raise HarnessError(f"TARGETS={text}: {wrong}", f"choose from {','.join(NAMES)}")
    return list(dict.fromkeys(names))


def title(name: str) -> str:
    """Return what the table calls a target, with its version."""
    return tools.known()[name].title


@contextmanager
def opened(name: str) -> Iterator[Stack]:
    """Start a target, initially empty, and remove it afterwards."""
    tool = replace(tools.known()[name], start=_STARTS[name], persists=False)
    with tools.opened(tool, f"peers-{name}") as stack:
        yield stack
