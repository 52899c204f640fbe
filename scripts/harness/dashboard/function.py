"""The function: versions, alias, environment and log."""

from __future__ import annotations

import re
from typing import Any

from harness.dashboard.local import Local
from harness.stack import mapping

SECRET = re.compile(r"secret|token|passw|pwd|credential|private|api_?key|access_?key|auth", re.IGNORECASE)
# A password in an address, a private key, an access key id of AWS, a JSON Web Token.
SECRET_VALUE = re.compile(r"://[^/\s:@]*:[^/\s@]+@|-----BEGIN |\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\beyJ[\w-]{8,}\.[\w-]+\.")
MOST_LINES = 500
SHOWN = (
    *("FunctionName", "FunctionArn", "Version", "State", "StateReason", "LastUpdateStatus", "PackageType", "Runtime"),
    *("Handler", "MemorySize", "Timeout", "Architectures", "CodeSha256", "CodeSize", "LastModified", "Role"),
)
MAPPING = (
    *("UUID", "State", "LastProcessingResult", "BatchSize", "MaximumBatchingWindowInSeconds", "ParallelizationFactor"),
    *("MaximumRetryAttempts", "MaximumRecordAgeInSeconds", "BisectBatchOnFunctionError", "FunctionResponseTypes"),
)


def describe(local: Local) -> dict[str, Any]:
    """Return the function's configuration, versions, aliases and mapping. Values that look secret are left out."""
    client, name = local.functions, local.stack.resources.function
    found = mapping.find(client, local.stack.resources)
    live = client.get_function(FunctionName=found["FunctionArn"])
    configuration, code = live["Configuration"], live.get("Code", {})
    variables = configuration.get("Environment", {}).get("Variables", {})
    versions = client.get_paginator("list_versions_by_function").paginate(FunctionName=name)
    return {
        "configuration": _rows(configuration, SHOWN) | {"Image": code.get("ResolvedImageUri") or code.get("ImageUri")},
        "environment": {key: _value(key, value) for key, value in sorted(variables.items())},
        "versions": [
            {"version": each["Version"], "modified": each["LastModified"], "digest": each.get("CodeSha256")}
            for page in versions
            for each in page["Versions"]
        ],
        "aliases": [
            {"name": each["Name"], "version": each["FunctionVersion"]}
            for each in client.list_aliases(FunctionName=name)["Aliases"]
        ],
        "mapping": _rows(found, MAPPING),
        "log_group": local.log_group,
    }


def _rows(found: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: found[name] for name in names if found.get(name) not in (None, "", [])}


def is_secret(name: str, value: str) -> bool:
    """Return whether a variable or attribute looks as if nobody should read it over a shoulder."""
    return bool(SECRET.search(name) or SECRET_VALUE.search(value))


def _value(name: str, value: str) -> dict[str, Any]:
    return {"hidden": True} if is_secret(name, value) else {"value": value}


def log(local: Local, search: str) -> dict[str, Any]:
    """Return the newest lines of the function's log.

    Args:
        local: the stack.
        search: text that a line must contain; empty for all lines.
    """
    lines: list[dict[str, Any]] = []
    streams = 0
    client = local.logs
    try:
        newest = client.describe_log_streams(
            logGroupName=local.log_group, orderBy="LastEventTime", descending=True, limit=20
        )["logStreams"]
        for stream in newest:
            streams += 1
            page = client.get_log_events(
                logGroupName=local.log_group, logStreamName=stream["logStreamName"], limit=5_000, startFromHead=False
            )
            lines += [
                {"at": event["timestamp"] / 1000, "text": event["message"].rstrip(), "stream": stream["logStreamName"]}
                for event in page["events"]
                if search.casefold() in event["message"].casefold()
            ]
            if len(lines) > MOST_LINES and not search:
                break
    except client.exceptions.ResourceNotFoundException:
        pass  # the function was never invoked
    lines.sort(key=lambda line: line["at"])
    return {
        "group": local.log_group,
        "streams": streams,
        "left_off": len(lines) > MOST_LINES,
        "lines": lines[-MOST_LINES:],
    }
