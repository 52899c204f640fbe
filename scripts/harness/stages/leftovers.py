"""What is still in an account that held one stage and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Any

from harness import console
from harness.errors import HarnessError
from harness.stages.access import Access
from harness.stages.stage import Stage


def _is_ours(alias: Any) -> bool:
    return not alias["AliasName"].startswith("alias/aws/")


# Service, operation and where the answer names what there is.
_LISTS: tuple[tuple[str, str, Callable[[Any], list[str]]], ...] = (
    ("kinesis", "list_streams", lambda answer: answer["StreamNames"]),
    ("lambda", "list_functions", lambda answer: [one["FunctionName"] for one in answer["Functions"]]),
    ("lambda", "list_event_source_mappings", lambda answer: [one["UUID"] for one in answer["EventSourceMappings"]]),
    ("s3", "list_buckets", lambda answer: [one["Name"] for one in answer["Buckets"]]),
    ("ecr", "describe_repositories", lambda answer: [one["repositoryName"] for one in answer["repositories"]]),
    ("logs", "describe_log_groups", lambda answer: [one["logGroupName"] for one in answer["logGroups"]]),
    # A key itself stays for the days in which its deletion can be taken back; AWS's own aliases are in any account.
    ("kms", "list_aliases", lambda answer: [one["AliasName"] for one in answer["Aliases"] if _is_ours(one)]),
    ("iam", "list_roles", lambda answer: [one["RoleName"] for one in answer["Roles"]]),
    ("cloudwatch", "describe_alarms", lambda answer: [one["AlarmName"] for one in answer["MetricAlarms"]]),
    ("cloudwatch", "list_dashboards", lambda answer: [one["DashboardName"] for one in answer["DashboardEntries"]]),
)


def found(stage: Stage, access: Access) -> Iterator[str]:
    """What is there, besides the bucket of the state.

    Args:
        stage: whose account it is.
        access: to it.
    """
    for service, operation, names in _LISTS:
        for name in names(getattr(access.client(service), operation)()):
            if (service, name) != ("s3", stage.backend["bucket"]):
                yield f"{service} {name}"


def check(stage: Stage, access: Access, before: Collection[str] = ()) -> None:
    """Refuses an account in which anything is left but the bucket of the state.

    Args:
        stage: what was destroyed.
        access: to its account.
        before: what `found` there before the first deployment.

    Raises:
        HarnessError: something is left.
    """
    with console.step("Look for what is left") as step:
        left = [name for name in found(stage, access) if name not in before]
        if left:
            raise HarnessError(f"this is left: {', '.join(left)}", "Terraform does not know it: find out who made it")
        step.result = f"nothing but the state bucket {stage.backend['bucket']}"
