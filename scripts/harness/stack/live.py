"""The version of a stack's function that handles events, and how to replace it for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from harness.stack import mapping
from harness.stack.clients import Clients
from harness.stack.state import Stack

if TYPE_CHECKING:
    from mypy_boto3_lambda.type_defs import WaiterConfigTypeDef

ALIAS = "live"  # of this repository's modules
LATEST = "$LATEST"
WAITING: WaiterConfigTypeDef = {"Delay": 1, "MaxAttempts": 120}


def version(stack: Stack) -> str:
    """Return the number of the version that handles events, or $LATEST."""
    if (alias := mapping.alias(stack)) is None:
        return LATEST
    client, name = Clients(stack).functions, stack.resources.function
    return str(client.get_function_configuration(FunctionName=name, Qualifier=alias)["Version"])


@contextmanager
def changed_function(stack: Stack, **variables: str) -> Iterator[str]:
    """Let a version with changed environment variables handle events until the block ends.

    Afterwards alias and function are as before. The version is deleted, or Terraform would take it for the newest one.
    Where the mapping invokes $LATEST, no version is published.

    Args:
        stack: owns the function.
        variables: added to the environment; they replace variables of the same name.

    Yields:
        The number of the version, or $LATEST.
    """
    client, name, alias = Clients(stack).functions, stack.resources.function, mapping.alias(stack)
    before = client.get_function_configuration(FunctionName=name).get("Environment", {}).get("Variables", {})

    def configure(environment: dict[str, str]) -> None:
        client.update_function_configuration(FunctionName=name, Environment={"Variables": environment})
        client.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig=WAITING)

    try:
        configure(before | variables)
        if alias is None:
            yield LATEST
        else:
            with _published(stack, alias) as published:
                yield published
    finally:
        configure(before)


@contextmanager
def _published(stack: Stack, alias: str) -> Iterator[str]:
    """Publish the function as it is, point its alias there until the block ends, and delete the version."""
    client, name = Clients(stack).functions, stack.resources.function
    former, published = version(stack), ""
    try:
        published = client.publish_version(FunctionName=name)["Version"]
        client.get_waiter("published_version_active").wait(FunctionName=name, Qualifier=published, WaiterConfig=WAITING)
        client.update_alias(FunctionName=name, Name=alias, FunctionVersion=published)
        yield published
    finally:
        client.update_alias(FunctionName=name, Name=alias, FunctionVersion=former)
        if published:
            client.delete_function(FunctionName=name, Qualifier=published)
