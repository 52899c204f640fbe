"""The alias `live` of a stack's function: the version that handles events, and how to replace it for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from harness.stack.clients import Clients
from harness.stack.state import Stack

if TYPE_CHECKING:
    from mypy_boto3_lambda.type_defs import WaiterConfigTypeDef

ALIAS = "live"
WAITING: WaiterConfigTypeDef = {"Delay": 1, "MaxAttempts": 120}


def version(stack: Stack) -> str:
    """Return the number of the version that handles events."""
    return Clients(stack).functions.get_alias(FunctionName=stack.outputs["lambda_function"], Name=ALIAS)[
        "FunctionVersion"
    ]


@contextmanager
def changed_function(stack: Stack, **variables: str) -> Iterator[str]:
    """Let a version with changed environment variables handle events until the block ends.

    Afterwards alias and function are as before. The version is deleted, or Terraform would take it for the newest one.

    Args:
        stack: owns the function.
        variables: added to the environment; they replace variables of the same name.

    Yields:
        The number of the version.
    """
    client, name = Clients(stack).functions, stack.outputs["lambda_function"]
    former = version(stack)
    before = client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]

    def configure(environment: dict[str, str]) -> None:
        client.update_function_configuration(FunctionName=name, Environment={"Variables": environment})
        client.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig=WAITING)

    published = ""
    try:
        configure(before | variables)
        published = client.publish_version(FunctionName=name)["Version"]
        client.get_waiter("published_version_active").wait(FunctionName=name, Qualifier=published, WaiterConfig=WAITING)
        client.update_alias(FunctionName=name, Name=ALIAS, FunctionVersion=published)
        yield published
    finally:
        client.update_alias(FunctionName=name, Name=ALIAS, FunctionVersion=former)
        if published:
            client.delete_function(FunctionName=name, Qualifier=published)
        configure(before)
