"""The event source mapping from the source stream to the function, and the function's log group."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from harness.errors import HarnessError
from harness.pipeline.definition import Resources
from harness.stack.clients import Clients
from harness.stack.state import Stack

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_lambda.type_defs import EventSourceMappingConfigurationTypeDef

ENABLED = "Enabled"


def of(stack: Stack) -> EventSourceMappingConfigurationTypeDef:
    """Return the mapping that invokes the stack's function with records of its source stream. As `find`."""
    return find(Clients(stack).functions, stack.resources)


def find(client: LambdaClient, names: Resources) -> EventSourceMappingConfigurationTypeDef:
    """Return the mapping that invokes a pipeline's function with records of its source stream.

    Args:
        client: of the pipeline's account and region.
        names: of its resources.

    Raises:
        HarnessError: there is none.
    """
    pages = client.get_paginator("list_event_source_mappings").paginate()
    others = []
    for found in (mapping for page in pages for mapping in page["EventSourceMappings"]):
        # arn:aws:kinesis:region:account:stream/name[/consumer/…], arn:aws:lambda:region:account:function:name[:…]
        source, function = found.get("EventSourceArn", "").split("/"), found.get("FunctionArn", "").split(":")
        if source[1:2] == [names.source_stream] and names.function in function:
            return found
        if source[1:]:
            others.append(f"from {source[1]} to {function[6]}")
    raise HarnessError(
        f"no event source mapping leads from the stream {names.source_stream} to the function {names.function}"
        + (f"; those that there are lead {', '.join(sorted(others))}" if others else ""),
        "add an aws_lambda_event_source_mapping to your Terraform, or correct [outputs] in pipeline.toml",
    )


def on_failure(stack: Stack) -> str:
    """Return the ARN of the mapping's on-failure destination; empty if it has none. As `of`."""
    return of(stack).get("DestinationConfig", {}).get("OnFailure", {}).get("Destination", "")


def obstacles(stack: Stack) -> str:
    """Return what of the mapping keeps events from the function, as sentences; empty if nothing is known to do so."""
    try:
        found = of(stack)
    except (HarnessError, BotoCoreError, ClientError):  # the caller has a failure to report, which is more than this
        return ""
    told = []
    if patterns := [each.get("Pattern", "") for each in found.get("FilterCriteria", {}).get("Filters", [])]:
        told.append(f"The mapping drops events that match none of its filters: {', '.join(patterns)}.")
    if (state := found.get("State", ENABLED)) != ENABLED:
        told.append(f"The mapping's state is {state}.")
    return " ".join(told)


def uuid(stack: Stack) -> str:
    """Return the mapping's UUID. As `of`."""
    return of(stack)["UUID"]


def alias(stack: Stack) -> str | None:
    """Return the function's alias or version that the mapping invokes; None for $LATEST. As `of`."""
    return qualifier(of(stack))


def qualifier(found: EventSourceMappingConfigurationTypeDef) -> str | None:
    """Return the alias or version that a mapping invokes; None for $LATEST."""
    words = found["FunctionArn"].split(":")  # arn:aws:lambda:region:account:function:name[:qualifier]
    return words[7] if len(words) > 7 and words[7] != "$LATEST" else None


def log_group(stack: Stack) -> str:
    """Return the name of the function's log group."""
    if known := stack.outputs.get("log_group"):
        return str(known)
    found = Clients(stack).functions.get_function_configuration(FunctionName=stack.resources.function)
    return log_group_of(found)


def log_group_of(configuration: Mapping[str, Any]) -> str:
    """Return the log group in a function's configuration, as GetFunctionConfiguration returns it."""
    chosen = configuration.get("LoggingConfig", {}).get("LogGroup")
    return chosen or f"/aws/lambda/{configuration['FunctionName']}"
