"""Deletes what probes leave in a running emulator; finds it by name, because probes may break off anywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

PREFIXES = ("fidelity-", "conformance-")


def delete(client: Callable[[str], Any]) -> None:
    """Deletes buckets, streams, log groups, roles, repositories and keys.

    Args:
        client: makes a boto3 client of a service with sufficient permissions.
    """
    kinesis, logs, ecr, s3 = client("kinesis"), client("logs"), client("ecr"), client("s3")
    for bucket in s3.list_buckets()["Buckets"]:
        if bucket["Name"].startswith(PREFIXES):
            _delete_bucket(s3, bucket["Name"])
    for name in _ours(kinesis, "list_streams", "StreamNames", None):
        kinesis.delete_stream(StreamName=name, EnforceConsumerDeletion=True)
    for name in _ours(logs, "describe_log_groups", "logGroups", "logGroupName"):
        logs.delete_log_group(logGroupName=name)
    for name in _ours(ecr, "describe_repositories", "repositories", "repositoryName"):
        ecr.delete_repository(repositoryName=name, force=True)
    for name in _ours(client("kms"), "list_keys", "Keys", "KeyId", partial(_description, client("kms"))):
        client("kms").schedule_key_deletion(KeyId=name, PendingWindowInDays=7)
    for name in _ours(client("iam"), "list_roles", "Roles", "RoleName"):
        _delete_role(client("iam"), name)


def _ours(client: Any, operation: str, key: str, name: str | None, named: Callable[[str], str] = str) -> Iterator[str]:
    """The listed resources that are ours, judged by `named`, by default the name itself."""
    pages = client.get_paginator(operation).paginate()
    found = [each if name is None else each[name] for page in pages for each in page[key]]
    return (each for each in found if named(each).removeprefix("/aws/lambda/").startswith(PREFIXES))


def _description(kms: Any, key: str) -> str:
    """A key's description, in which the probes put its name; empty if deletion is already scheduled."""
    found = kms.describe_key(KeyId=key)["KeyMetadata"]
    return "" if found["KeyState"] == "PendingDeletion" else str(found["Description"])


def _delete_bucket(s3: Any, name: str) -> None:
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):
        for each in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
            s3.delete_object(Bucket=name, Key=each["Key"], VersionId=each["VersionId"])
    s3.delete_bucket(Bucket=name)


def _delete_role(iam: Any, name: str) -> None:
    for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        iam.delete_role_policy(RoleName=name, PolicyName=policy)
    for policy in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
        iam.detach_role_policy(RoleName=name, PolicyArn=policy["PolicyArn"])
    iam.delete_role(RoleName=name)
