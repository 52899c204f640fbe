"""What an event source mapping needs, so that one bad record neither blocks its shard nor is lost."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck

# Of a qualified ARN, the qualifier: a version, "$LATEST" or an alias, which alone begins with a letter.
ALIAS_ARN = re.compile(r"^arn:[^:]+:lambda:[^:]*:[^:]*:function:[^:]+:[a-zA-Z]")
VARIABLE = re.compile(r"^(?:\$\{)?var\.(\w+)\}?$")
ALIAS = re.compile(r"^(\$\{)?aws_lambda_alias\.\w+(\[[^]]+\])?\.arn\}?$")


class MappingCheck(BaseResourceCheck):
    """A condition that a mapping fulfils or not.

    Args:
        name: what must hold, for the reader of a failure.
        id: under which it is skipped: `checkov:skip=ID:reason`.
        holds: the condition, on the resource's arguments as checkov gives them.
        streams_only: whether it is only about streams, which alone have a starting position.
    """

    def __init__(self, name: str, id: str, holds: Callable[[dict[str, Any]], bool], streams_only: bool = True) -> None:  # noqa: A002
        self.holds = holds
        self.streams_only = streams_only
        super().__init__(name, id, [CheckCategories.GENERAL_SECURITY], ["aws_lambda_event_source_mapping"])

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        """Asked by checkov for each mapping."""
        if self.streams_only and value(conf, "starting_position") is None:
            return CheckResult.UNKNOWN
        return CheckResult.PASSED if self.holds(conf) else CheckResult.FAILED


class LimitCheck(MappingCheck):
    """Whether an argument is a number of a range, or a variable whose validation lets no other through.

    Args:
        name: as above.
        id: as above.
        argument: of the mapping; where it is missing, or -1, AWS sets no limit.
        allowed: the numbers.
    """

    def __init__(self, name: str, id: str, argument: str, allowed: range) -> None:  # noqa: A002
        self.argument = argument
        self.allowed = allowed
        super().__init__(name, id, self.limited)

    def limited(self, conf: dict[str, Any]) -> bool:
        """Asked for each mapping; checkov leaves variables of modules as they are."""
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
        """Declarations of a variable in the folder of the mapping that is looked at; checkov tells its path's end."""
        folder = Path(self.entity_path.split(":")[0]).parent.as_posix().rstrip("/")
        return [
            node["config_"][variable]
            for _, node in (self.graph.nodes() if self.graph else [])
            if (node["block_type_"], node["block_name_"]) == ("variable", variable)
            and Path(node["file_path_"]).parent.as_posix().endswith(folder)
        ]


def within(condition: str, variable: str, allowed: range) -> bool:
    """Whether a validation says, with nothing but &&, that a variable is at least and at most numbers of the range."""
    limits = {
        sign: int(number) for sign, number in re.findall(rf"\bvar\.{variable} (>=|<=) (\d+)\b(?!\s*[-+*/%])", condition)
    }
    return "||" not in condition and "?" not in condition and all(limits.get(sign) in allowed for sign in (">=", "<="))


def value(conf: Any, *path: str) -> Any:
    """An argument, through nested blocks; checkov wraps each in a list. None when it is not there."""
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
    "Ensure the mapping gives up records of a finite age (maximum_record_age_in_seconds)",
    "PIPELINE_FINITE_AGE",
    "maximum_record_age_in_seconds",
    range(60, 604_801),
)
MappingCheck(
    "Ensure what the mapping gives up is kept (destination_config.on_failure.destination_arn)",
    "PIPELINE_FAILURE_DESTINATION",
    lambda conf: bool(value(conf, "destination_config", "on_failure", "destination_arn")),
)
MappingCheck(
    "Ensure the function may name the records that failed (function_response_types)",
    "PIPELINE_ITEM_FAILURES",
    lambda conf: "ReportBatchItemFailures" in str(conf.get("function_response_types")),
)
MappingCheck(
    "Ensure no event is skipped that came before the mapping: LATEST only with a reason",
    "PIPELINE_LATEST_WITH_REASON",
    lambda conf: value(conf, "starting_position") in ("TRIM_HORIZON", "AT_TIMESTAMP"),
)
MappingCheck(
    "Ensure the mapping invokes an alias, so that a roll-back need not touch it",
    "PIPELINE_ALIAS",
    lambda conf: bool(
        ALIAS.match(str(value(conf, "function_name"))) or ALIAS_ARN.match(str(value(conf, "function_name")))
    ),
    streams_only=False,
)
