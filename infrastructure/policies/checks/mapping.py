"""What an event source mapping needs, so that one bad record neither blocks its shard nor is lost."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck

# Of a qualified ARN, the qualifier: a version, "$LATEST" or an alias, which alone begins with a letter.
ALIAS_ARN = re.compile(r"^arn:[^:]+:lambda:[^:]*:[^:]*:function:[^:]+:[a-zA-Z]")
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


def value(conf: Any, *path: str) -> Any:
    """An argument, through nested blocks; checkov wraps each in a list. None when it is not there."""
    for name in path:
        conf = conf.get(name) if isinstance(conf, dict) else None
        if isinstance(conf, list):
            conf = conf[0] if len(conf) == 1 else conf
    return conf


def within(conf: Any, name: str, low: int, high: int) -> bool:
    """Whether an argument is a number of that range (-1 is endless), or a variable that checkov left as it is.

    Variables of modules are not always resolved; theirs have validations, which infrastructure/tests/*_refusals show.
    """
    if re.fullmatch(r"(\$\{)?var\.\w+\}?", str(value(conf, name))):
        return True
    return bool(re.fullmatch(r"\d+", str(value(conf, name)))) and low <= int(value(conf, name)) <= high


# https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
MappingCheck(
    "Ensure the mapping gives up a batch after a finite number of retries (maximum_retry_attempts)",
    "PIPELINE_FINITE_RETRIES",
    lambda conf: within(conf, "maximum_retry_attempts", 0, 10_000),
)
MappingCheck(
    "Ensure the mapping gives up records of a finite age (maximum_record_age_in_seconds)",
    "PIPELINE_FINITE_AGE",
    lambda conf: within(conf, "maximum_record_age_in_seconds", 60, 604_800),
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
