"""How each permission is tried for real: on which part of a stage, and with which Terraform operation.

Parts are made one at a time in an empty account, so a refusal breaks little and a trial takes seconds. The order of the
lists matters: a trial must not do what the next one expects to be refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from integration_tests.privileges.deployer_policy import Permission
from integration_tests.privileges.deployment import IMAGE
from integration_tests.privileges.narrower import (
    BUCKET,
    CHANGE,
    CHECK,
    CREATE,
    DESTROY,
    FUNCTION,
    INIT,
    LOG_IN,
    LOOK,
    PUBLISH,
    REPOSITORY,
    SMOKE,
    STREAM,
)


@dataclass(frozen=True)
class Part:
    """A part of a stage.

    Attributes:
        targets: its Terraform addresses; empty for all.
        variables: the variables that it needs.
    """

    targets: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)


STATE, OBJECTS, KEY, WHOLE = "state", "bucket", "key", "whole stage"
PARTS: dict[str, Part] = {
    STATE: Part((f"{FUNCTION}.aws_cloudwatch_log_group.this",)),  # some resource for the state to contain
    OBJECTS: Part((BUCKET,)),
    KEY: Part(("module.kms",), {"kms_enabled": "true"}),
    "stream": Part((STREAM,)),
    "function": Part((f"{FUNCTION}.aws_lambda_alias.live",)),
    "repository": Part((REPOSITORY,), IMAGE),
    WHOLE: Part(),
}
# The part on which a statement's actions are tried, and the actions that are tried elsewhere.
OF_STATEMENT = {
    "Buckets": OBJECTS,
    "Objects": OBJECTS,
    "Streams": "stream",
    "FindKeyAndLimits": "stream",
    "Repository": "repository",
    "Function": "function",
    "FindLogGroup": "function",
    "GiveTheFunctionItsRole": "function",
    "LogGroup": "function",
    "Role": "function",
    "CheckStateBucket": STATE,
    "KeepState": STATE,
    "ListState": STATE,
    "LockState": STATE,
    "LogInToRegistry": STATE,
}
ELSEWHERE = (
    *(
        Permission("Streams", f"kinesis:{name}")
        for name in ("GetRecords", "GetShardIterator", "ListShards", "PutRecords")
    ),
    *(Permission("LogGroup", f"logs:{name}MetricFilter") for name in ("Delete", "Put")),
    Permission("LogGroup", "logs:DescribeMetricFilters"),
    Permission("Function", "lambda:GetFunctionConfiguration"),
    Permission("Objects", "s3:GetObject"),
)

# The other parts have no key, because every trial would have to make it; giving them one is only evaluated.
WITH_A_KEY = (
    *("kms:CreateGrant", "kms:Decrypt", "kms:GenerateDataKey", "kms:RetireGrant", "logs:AssociateKmsKey"),
    *("kinesis:StartStreamEncryption", "kinesis:StopStreamEncryption", "logs:DisassociateKmsKey"),
)

WAYS = (LOG_IN, CHECK, INIT, CREATE, PUBLISH, LOOK, SMOKE, CHANGE, DESTROY)
"""In order."""

CHANGED_ZIP = "changed.zip"  # placeholder for its path
# By action: the settings that cause such a change; None removes a setting. None instead: the modules' later version.
CHANGES: dict[str, Mapping[str, Any] | None] = {
    "kinesis:UpdateShardCount": {"shard_count": 4},
    "kinesis:DecreaseStreamRetentionPeriod": {"stream_retention_hours": 36},
    "kinesis:DisableEnhancedMonitoring": {"shard_level_metrics": '["IncomingBytes"]'},
    "s3:PutLifecycleConfiguration": {"noncurrent_expiration_days": 30},
    "logs:DeleteRetentionPolicy": {"log_retention_in_days": 0},
    "lambda:DeleteFunctionConcurrency": {"lambda_reserved_concurrency": None},
    "lambda:UpdateFunctionConfiguration": {"lambda_memory_size_mb": 512},
    "lambda:PublishVersion": {"lambda_memory_size_mb": 640},
    "lambda:UpdateAlias": {"lambda_memory_size_mb": 768},
    "lambda:UpdateFunctionCode": {"lambda_zip_path": CHANGED_ZIP},
    "lambda:UpdateEventSourceMapping": {"batch_size": 7},
    **dict.fromkeys(("kinesis:RemoveTagsFromStream", "iam:UntagRole", "iam:TagRole", "logs:UntagResource")),
    **dict.fromkeys(
        ("lambda:UntagResource", "lambda:TagResource", "cloudwatch:UntagResource", "cloudwatch:TagResource")
    ),
    **dict.fromkeys(("iam:UpdateAssumeRolePolicy", "iam:UpdateRoleDescription", "ecr:UntagResource")),
    **dict.fromkeys(("ecr:PutImageTagMutability", "ecr:PutImageScanningConfiguration")),
    **dict.fromkeys(("kms:UntagResource", "kms:TagResource", "kms:UpdateKeyDescription", "kms:PutKeyPolicy")),
}
_DESTROYING = (
    *("s3:ListBucketVersions", "s3:DeleteObjectVersion", "iam:ListInstanceProfilesForRole"),
    "kms:ScheduleKeyDeletion",
)
_SMOKING = ("GetRecords", "GetShardIterator", "ListShards", "PutRecords", "GetFunctionConfiguration")
_OTHER_WAYS: dict[tuple[str, str], str] = {
    ("Buckets", "s3:ListBucket"): PUBLISH,  # a plan assumes that a bucket exists if it may not ask for it
    ("Objects", "s3:PutObject"): PUBLISH,
    ("Objects", "s3:GetObject"): SMOKE,
    ("LogInToRegistry", "ecr:GetAuthorizationToken"): LOG_IN,
    ("ListState", "s3:ListBucket"): INIT,
    ("KeepState", "s3:GetObject"): LOOK,
    ("KeepState", "s3:PutObject"): DESTROY,  # a resource that is made but not in the state would be orphaned
    ("LockState", "s3:DeleteObject"): LOOK,
    ("LockState", "s3:GetObject"): LOOK,
    ("LockState", "s3:PutObject"): LOOK,
}
_WHEN_MADE = (("LogGroup", "logs:TagResource"), ("TagKey", "kms:TagResource"))
# All others come first. Later ones do what earlier ones expect to be refused: alias before function, versions before
# objects before the bucket.
_LAST = (
    *("s3:CreateBucket", "s3:PutBucketTagging", "s3:PutBucketVersioning", "s3:PutBucketPublicAccessBlock"),
    *("logs:CreateLogGroup", "logs:TagResource", "logs:PutRetentionPolicy", "iam:CreateRole", "iam:PutRolePolicy"),
    *("iam:PassRole", "lambda:CreateFunction", "lambda:PutFunctionConcurrency", "lambda:CreateAlias"),
    *("kms:CreateKey", "kms:EnableKeyRotation", "kms:CreateAlias", "kms:ScheduleKeyDeletion"),
    *("logs:PutMetricFilter", "lambda:CreateEventSourceMapping", "cloudwatch:PutDashboard"),
    *("ecr:CreateRepository", "ecr:TagResource", "ecr:SetRepositoryPolicy", "ecr:PutLifecyclePolicy"),
    *("s3:PutEncryptionConfiguration", "s3:PutBucketOwnershipControls", "s3:PutBucketPolicy"),
    *("iam:UntagRole", "iam:TagRole", "iam:UpdateAssumeRolePolicy", "iam:UpdateRoleDescription"),
    *("lambda:UntagResource", "lambda:TagResource", "kinesis:RemoveTagsFromStream"),
    *(
        "s3:ListBucketVersions",
        "s3:DeleteObjectVersion",
        "s3:DeleteBucket",
        "lambda:DeleteAlias",
        "lambda:DeleteFunction",
    ),
    *("iam:DeleteRolePolicy", "iam:ListInstanceProfilesForRole", "iam:DeleteRole", "logs:DeleteLogGroup"),
    *("ecr:DeleteRepository", "cloudwatch:DeleteDashboards", "cloudwatch:DeleteAlarms", "logs:DeleteMetricFilter"),
    "lambda:DeleteEventSourceMapping",
)


def part_of(permission: Permission) -> str:
    """The part of the stage on which a permission is tried."""
    if permission.action.startswith("kms:"):
        return KEY
    return WHOLE if permission in ELSEWHERE else OF_STATEMENT.get(permission.sid, WHOLE)


def way_of(permission: Permission, planning: set[str]) -> str:
    """The operation to try without the permission.

    Args:
        permission: the missing permission.
        planning: the actions of the policy for planning.
    """
    sid, action = permission
    name = action.partition(":")[2]
    if found := _OTHER_WAYS.get((sid, action)):
        return found
    if sid == "CheckStateBucket":
        return CHECK
    if name in _SMOKING:
        return SMOKE
    if action in planning:
        return LOOK
    if action in CHANGES and (sid, action) not in _WHEN_MADE:
        return CHANGE
    return DESTROY if name.startswith("Delete") or action in _DESTROYING else CREATE


def in_order(permissions: list[Permission], planning: set[str]) -> list[tuple[Permission, str]]:
    """Permissions of one part with their ways, in an order that works."""

    def place(each: tuple[Permission, str]) -> tuple[int, int, int]:
        permission, way = each
        changes = list(CHANGES)
        at = changes.index(permission.action) if way == CHANGE else 0
        return WAYS.index(way), _LAST.index(permission.action) + 1 if permission.action in _LAST else 0, at

    return sorted(((each, way_of(each, planning)) for each in permissions), key=place)
