"""Finds leftovers in an account that contained one stage and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Any

from harness import console
from harness.errors import HarnessError
from harness.stages.access import Access
from harness.stages.stage import Stage


def _is_ours(alias: Any) -> bool:
    return not alias["AliasName"].startswith("alias/aws/")


BY_LAMBDA = "logs /aws/lambda/"
# Service, operation, and a function that returns the names in its response.
_LISTS: tuple[tuple[str, str, Callable[[Any], list[str]]], ...] = (
    ("kinesis", "list_streams", lambda answer: answer["StreamNames"]),
    ("lambda", "list_functions", lambda answer: [one["FunctionName"] for one in answer["Functions"]]),
    ("lambda", "list_event_source_mappings", lambda answer: [one["UUID"] for one in answer["EventSourceMappings"]]),
    ("s3", "list_buckets", lambda answer: [one["Name"] for one in answer["Buckets"]]),
    ("ecr", "describe_repositories", lambda answer: [one["repositoryName"] for one in answer["repositories"]]),
    ("logs", "describe_log_groups", lambda answer: [one["logGroupName"] for one in answer["logGroups"]]),
    # A key stays while its deletion can be cancelled. Every account has AWS's own aliases.
    ("kms", "list_aliases", lambda answer: [one["AliasName"] for one in answer["Aliases"] if _is_ours(one)]),
    ("iam", "list_roles", lambda answer: [one["RoleName"] for one in answer["Roles"]]),
    ("cloudwatch", "describe_alarms", lambda answer: [one["AlarmName"] for one in answer["MetricAlarms"]]),
    ("cloudwatch", "list_dashboards", lambda answer: [one["DashboardName"] for one in answer["DashboardEntries"]]),
)


def found(stage: Stage, access: Access) -> Iterator[str]:
    """Yield what exists, except the state bucket.

    Args:
        stage: that the account belongs to.
        access: to it.
    """
    for service, operation, names in _LISTS:
        for name in names(getattr(access.client(service), operation)()):
            if (service, name) != ("s3", stage.backend["bucket"]):
                yield f"{service} {name}"


def check(stage: Stage, access: Access, before: Collection[str] = ()) -> None:
    """Require that nothing is left in an account except the state bucket.

    Args:
        stage: that was destroyed.
        access: to its account.
        before: what `found` there before the first deployment.

    Raises:
        HarnessError: something is left.
    """
    with console.step("Check for leftovers") as step:
        left = [name for name in found(stage, access) if name not in before]
        if logs := [name for name in left if name.startswith(BY_LAMBDA) and not stage.pipeline.is_default]:
            console.warn(
                f"left over: {', '.join(logs)}. Lambda makes a log group that Terraform does not have; on AWS, it "
                "stays and costs. Add an aws_cloudwatch_log_group."
            )
        if left := [name for name in left if name not in logs]:
            raise HarnessError(f"left over: {', '.join(left)}", "find out what created it: Terraform did not")
        step.result = f"only the state bucket {stage.backend['bucket']}"
