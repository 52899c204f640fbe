"""Checks that policies name their actions and resources one by one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.data.base_check import BaseDataCheck
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck

RESOURCES = [
    "aws_iam_policy", "aws_iam_role_policy", "aws_iam_user_policy", "aws_iam_group_policy", "aws_s3_bucket_policy",
    "aws_ecr_repository_policy", "aws_kms_key", "aws_kms_key_policy", "aws_sqs_queue_policy", "aws_sns_topic_policy",
]  # fmt: skip
# All resources, all of a service, or all of a type in an account (arn:aws:kms:region:account:key/*). S3 has no types: a
# bucket comes before the slash.
EVERYTHING = re.compile(r"^(\*|arn:[^:]*:[^:]*:[^:]*:[^:]*:\*|arn:[^:]*:(?!s3:)[^:]*:[^:]*:[^:]*:[a-z-]+[/:]\*)$")
ACTIONS = ("PIPELINE_ACTIONS_NAMED", "Ensure policies name their actions: no * and no NotAction in an Allow")
NAMED = (
    "PIPELINE_RESOURCES_NAMED",
    "Ensure policies name their resources: * and NotResource only with a reason (AWS supports no resource)",
)


def flat(found: Any) -> Iterator[Any]:
    """The strings and blocks in nested lists."""
    if isinstance(found, list | set | tuple):
        for one in found:
            yield from flat(one)
    elif found is not None:
        yield found


def allows(statements: Any, effect: str) -> Iterator[dict[str, Any]]:
    """The Allow statements; a Deny may be as broad as needed."""
    for statement in flat(statements):
        if isinstance(statement, dict) and "Deny" not in flat(statement.get(effect)):
            yield statement


def wide_actions(actions: Any, not_actions: Any) -> bool:
    """Whether some actions are not named."""
    return any("*" in str(action) for action in flat(actions)) or any(True for _ in flat(not_actions))


def wide_resources(resources: Any, not_resources: Any) -> bool:
    """Whether some resources are not named; a name followed by * counts as named."""
    return any(EVERYTHING.match(str(one)) for one in flat(resources)) or any(True for _ in flat(not_resources))


class DocumentCheck(BaseDataCheck):
    """The check on `data "aws_iam_policy_document"`."""

    def __init__(self, id: str, name: str) -> None:  # noqa: A002
        super().__init__(name, id, [CheckCategories.IAM], ["aws_iam_policy_document"])

    def scan_data_conf(self, conf: dict[str, Any]) -> CheckResult:
        """Called by checkov for each document."""
        for one in allows(conf.get("statement"), "effect"):
            actions = self.id == ACTIONS[0] and wide_actions(one.get("actions"), one.get("not_actions"))
            if actions or (self.id == NAMED[0] and wide_resources(one.get("resources"), one.get("not_resources"))):
                return CheckResult.FAILED
        return CheckResult.PASSED


class PolicyCheck(BaseResourceCheck):
    """The same check on inline JSON policies; the others refer to a document, which is checked by itself."""

    def __init__(self, id: str, name: str) -> None:  # noqa: A002
        super().__init__(name, id, [CheckCategories.IAM], RESOURCES)

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        """Called by checkov for each policy."""
        for policy in flat(conf.get("policy")):
            try:
                document = json.loads(policy) if isinstance(policy, str) else policy
            except ValueError:
                continue
            for one in allows(document.get("Statement") if isinstance(document, dict) else None, "Effect"):
                actions = self.id == ACTIONS[0] and wide_actions(one.get("Action"), one.get("NotAction"))
                if actions or (self.id == NAMED[0] and wide_resources(one.get("Resource"), one.get("NotResource"))):
                    return CheckResult.FAILED
        return CheckResult.PASSED


for check in (ACTIONS, NAMED):
    DocumentCheck(*check)
    PolicyCheck(*check)
