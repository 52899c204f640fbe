"""Checks the settings that keep one bad record from blocking its shard or getting lost."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck

# The qualifier of a qualified ARN is a version, "$LATEST" or an alias; only an alias begins with a letter.
ALIAS_ARN = re.compile(r"^arn:[^:]+:lambda:[^:]*:[^:]*:function:[^:]+:[a-zA-Z]")
VARIABLE = re.compile(r"^(?:\$\{)?var\.(\w+)\}?$")
ALIAS = re.compile(r"^(\$\{)?aws_lambda_alias\.\w+(\[[^]]+\])?\.arn\}?$")


class MappingCheck(BaseResourceCheck):
    """A condition on event source mappings.

    Args:
        name: the requirement, shown when the check fails.
        id: the id to skip it with: `checkov:skip=ID:reason`.
        holds: the condition on the resource's arguments in checkov's form.
        streams_only: whether it applies to streams only, recognized by their starting position.
    """

    def __init__(self, name: str, id: str, holds: Callable[[dict[str, Any]], bool], streams_only: bool = True) -> None:  # noqa: A002
        self.holds = holds
        self.streams_only = streams_only
        super().__init__(name, id, [CheckCategories.GENERAL_SECURITY], ["aws_lambda_event_source_mapping"])

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        """Called by checkov for each mapping."""
        if self.streams_only and value(conf, "starting_position") is None:
            return CheckResult.UNKNOWN
        return CheckResult.PASSED if self.holds(conf) else CheckResult.FAILED


class LimitCheck(MappingCheck):
    """Checks that an argument is a number in a range, or a variable whose validation allows no other.

    Args:
        name: as above.
        id: as above.
        argument: of the mapping; if it is missing or -1, AWS sets no limit.
        allowed: the allowed numbers.
    """

    def __init__(self, name: str, id: str, argument: str, allowed: range) -> None:  # noqa: A002
        self.argument = argument
        self.allowed = allowed
        super().__init__(name, id, self.limited)

    def limited(self, conf: dict[str, Any]) -> bool:
        """Called for each mapping; checkov does not resolve variables in modules."""
        found = str(value(conf, self.argument))
        if variable := VARIABLE.match(found):
            declared = self.declared(variable[1])
            return bool(declared) and all(self.validated(one, variable[1]) for one in declared)
        return found.isdigit() and int(found) in self.allowed

    def validated(self, declaration: dict[str, Any], variable: str) -> bool:
        """Whether one of a variable's validations keeps it in the range."""
        conditions = [str(value(one, "condition")) for one in declaration.get("validation", [])]
        return any(within(condition, variable, self.allowed) for condition in conditions)

    def declared(self, variable: str) -> list[dict[str, Any]]:
        """Declarations of a variable in the current mapping's folder; checkov only gives the end of its path."""
        folder = Path(self.entity_path.split(":")[0]).parent.as_posix().rstrip("/")
        return [
            node["config_"][variable]
            for _, node in (self.graph.nodes() if self.graph else [])
            if (node["block_type_"], node["block_name_"]) == ("variable", variable)
            and Path(node["file_path_"]).parent.as_posix().endswith(folder)
        ]


def within(condition: str, variable: str, allowed: range) -> bool:
    """Whether a validation, using only &&, limits a variable from below and above by numbers in the range."""
    limits = {
        sign: int(number) for sign, number in re.findall(rf"\bvar\.{variable} (>=|<=) (\d+)\b(?!\s*[-+*/%])", condition)
    }
    return "||" not in condition and "?" not in condition and all(limits.get(sign) in allowed for sign in (">=", "<="))


def value(conf: Any, *path: str) -> Any:
    """An argument, possibly in nested blocks, each of which checkov wraps in a list. None if it is missing."""
    for name in path:
        conf = conf.get(name) if isinstance(conf, dict) else None
        if isinstance(conf, list):
            conf = conf[0] if len(conf) == 1 else conf
    return conf


# https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
LimitCheck(
    "Ensure the mapping gives up a batch after a finite number of retries (maximum_retry_attempts)",
    "PIPELINE_FINITE_RETRIES",
    "maximum_retry_attempts",
    range(10_001),
)
LimitCheck(
    "Ensure the mapping gives up records after a finite age (maximum_record_age_in_seconds)",
    "PIPELINE_FINITE_AGE",
    "maximum_record_age_in_seconds",
    range(60, 604_801),
)
MappingCheck(
    "Ensure records given up are stored (destination_config.on_failure.destination_arn)",
    "PIPELINE_FAILURE_DESTINATION",
    lambda conf: bool(value(conf, "destination_config", "on_failure", "destination_arn")),
)
MappingCheck(
    "Ensure the function can report the records that failed (function_response_types)",
    "PIPELINE_ITEM_FAILURES",
    lambda conf: "ReportBatchItemFailures" in str(conf.get("function_response_types")),
)
MappingCheck(
    "Ensure events older than the mapping are not skipped: LATEST only with a reason",
    "PIPELINE_LATEST_WITH_REASON",
    lambda conf: value(conf, "starting_position") in ("TRIM_HORIZON", "AT_TIMESTAMP"),
)
MappingCheck(
    "Ensure the mapping invokes an alias, so that a rollback does not change it",
    "PIPELINE_ALIAS",
    lambda conf: bool(
        ALIAS.match(str(value(conf, "function_name"))) or ALIAS_ARN.match(str(value(conf, "function_name")))
    ),
    streams_only=False,
)
