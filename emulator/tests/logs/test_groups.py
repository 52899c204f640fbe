"""The class of a log group, its protection from deletion, and the pages and filters of DescribeLogGroups.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeLogGroups.html and
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/protecting-log-groups-from-deletion.html
"""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.aws_valid
ARN = "arn:aws:logs:ap-south-1:000000000000:log-group:{}"
RARE = "INFREQUENT_ACCESS"


@pytest.fixture
def groups(localstack: Any) -> Iterator[list[str]]:
    """The names of three groups, the last one for infrequent access."""
    logs, prefix = localstack.client("logs"), f"/groups/{uuid.uuid4().hex[:8]}"
    names = [f"{prefix}/{number}" for number in range(3)]
    for name in names:
        logs.create_log_group(logGroupName=name, logGroupClass=RARE if name == names[2] else "STANDARD")
    yield names
    for name in names:
        logs.delete_log_group(logGroupName=name)


def names(answer: Any) -> list[str]:
    return [group["logGroupName"] for group in answer["logGroups"]]


def test_a_group_keeps_its_class(localstack: Any, groups: list[str]) -> None:
    logs, prefix = localstack.client("logs"), groups[0][:-1]
    found = logs.describe_log_groups(logGroupNamePrefix=prefix)["logGroups"]
    assert [(one["logGroupClass"], one["deletionProtectionEnabled"]) for one in found] == [
        ("STANDARD", False), ("STANDARD", False), (RARE, False),
    ]  # fmt: skip
    assert names(logs.describe_log_groups(logGroupNamePrefix=prefix, logGroupClass=RARE)) == groups[2:]
    listed = logs.list_log_groups(logGroupNamePattern=prefix, logGroupClass=RARE)["logGroups"]
    assert [(one["logGroupName"], one["logGroupClass"]) for one in listed] == [(groups[2], RARE)]


def test_groups_are_described_in_pages(localstack: Any, groups: list[str]) -> None:
    logs, wanted = localstack.client("logs"), {"logGroupNamePrefix": groups[0][:-1], "limit": 2}
    first = logs.describe_log_groups(**wanted)
    assert names(first) == groups[:2]
    rest = logs.describe_log_groups(**wanted, nextToken=first["nextToken"])
    assert names(rest) == groups[2:]
    assert "nextToken" not in rest


def test_groups_are_described_by_their_identifiers(localstack: Any, groups: list[str]) -> None:
    logs = localstack.client("logs")
    for identifier in (groups[1], ARN.format(groups[1])):
        assert names(logs.describe_log_groups(logGroupIdentifiers=[identifier])) == [groups[1]]


def test_a_protected_group_is_not_deleted(localstack: Any, groups: list[str]) -> None:
    logs, name = localstack.client("logs"), f"{groups[0]}/protected"
    logs.create_log_group(logGroupName=name, deletionProtectionEnabled=True)
    for identifier in (name, ARN.format(name)):
        logs.put_log_group_deletion_protection(logGroupIdentifier=identifier, deletionProtectionEnabled=True)
        with pytest.raises(ClientError, match="ValidationException"):
            logs.delete_log_group(logGroupName=name)
        assert logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"][0]["deletionProtectionEnabled"]
        logs.put_log_group_deletion_protection(logGroupIdentifier=identifier, deletionProtectionEnabled=False)
    logs.delete_log_group(logGroupName=name)
