"""Repositories of images: what is refused, policies, and the token for `docker login`."""

import json
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from benchmarks.conformance.suite.calls import refused

pytestmark = pytest.mark.aws_valid


def test_a_name_is_used_once(calls: Any) -> None:
    """CreateRepository with the name of an existing repository: RepositoryAlreadyExistsException.

    https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html
    """
    refused(
        calls.client("ecr").create_repository, "RepositoryAlreadyExistsException", repositoryName=calls.repository()
    )


def test_a_missing_repository(calls: Any) -> None:
    """DescribeRepositories of one that does not exist: RepositoryNotFoundException.

    https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeRepositories.html
    """
    refused(calls.client("ecr").describe_repositories, "RepositoryNotFoundException", repositoryNames=[calls.name()])


@pytest.mark.parametrize("wrong", ["Upper", "two//slashes", "ends-with-", "a..b"])
def test_names(calls: Any, wrong: str) -> None:
    """A repository's name has lowercase letters and digits, with single separators: InvalidParameterException.

    https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html
    """
    refused(
        calls.client("ecr").create_repository, "InvalidParameterException", repositoryName=f"{calls.name()}/{wrong}"
    )


def test_a_token(calls: Any) -> None:
    """GetAuthorizationToken: base64 of AWS and a password, valid for 12 hours.

    https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html
    """
    data = calls.client("ecr").get_authorization_token()["authorizationData"][0]
    user, _, password = b64decode(data["authorizationToken"]).decode().partition(":")
    assert user == "AWS", f"user {user}"
    assert password, "no password"
    left = data["expiresAt"] - datetime.now(UTC)
    assert abs(left - timedelta(hours=12)) < timedelta(minutes=15), f"valid for {left}"


def test_another_registry(calls: Any) -> None:
    """A registryId is another account's: its repository of this name is not the caller's.

    https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeRepositories.html
    """
    refused(
        calls.client("ecr").describe_repositories, "RepositoryNotFoundException", "AccessDeniedException",
        repositoryNames=[calls.repository()], registryId="210987654321",
    )  # fmt: skip


def test_a_repository_policy(calls: Any) -> None:
    """SetRepositoryPolicy, GetRepositoryPolicy; after DeleteRepositoryPolicy: RepositoryPolicyNotFoundException.

    https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetRepositoryPolicy.html
    """
    name, ecr = calls.repository(), calls.client("ecr")
    allowed = {
        "Sid": "Lambda", "Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
    }  # fmt: skip
    ecr.set_repository_policy(
        repositoryName=name, policyText=json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    )
    policy = json.loads(ecr.get_repository_policy(repositoryName=name)["policyText"])
    assert policy["Statement"][0]["Sid"] == "Lambda", f"{policy}"
    ecr.delete_repository_policy(repositoryName=name)
    refused(ecr.get_repository_policy, "RepositoryPolicyNotFoundException", repositoryName=name)


def test_a_wrong_repository_policy(calls: Any) -> None:
    """SetRepositoryPolicy with a text that is no policy: InvalidParameterException.

    https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_SetRepositoryPolicy.html
    """
    refused(
        calls.client("ecr").set_repository_policy, "InvalidParameterException",
        repositoryName=calls.repository(), policyText='{"Statement": 1}',
    )  # fmt: skip


def test_a_lifecycle_policy(calls: Any) -> None:
    """GetLifecyclePolicy without one: LifecyclePolicyNotFoundException. A rule without a selection is refused.

    https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutLifecyclePolicy.html
    """
    name, ecr = calls.repository(), calls.client("ecr")
    refused(ecr.get_lifecycle_policy, "LifecyclePolicyNotFoundException", repositoryName=name)
    rule: dict[str, Any] = {"rulePriority": 1, "description": "no more than five images", "action": {"type": "expire"}}
    refused(
        ecr.put_lifecycle_policy, "InvalidParameterException",
        repositoryName=name, lifecyclePolicyText=json.dumps({"rules": [rule]}),
    )  # fmt: skip
    rule["selection"] = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 5}
    ecr.put_lifecycle_policy(repositoryName=name, lifecyclePolicyText=json.dumps({"rules": [rule]}))
    kept = json.loads(ecr.get_lifecycle_policy(repositoryName=name)["lifecyclePolicyText"])
    assert kept["rules"][0]["selection"]["countNumber"] == 5, f"{kept}"


def test_tags(calls: Any) -> None:
    """TagResource adds tags to those of CreateRepository, and UntagResource removes them.

    https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_TagResource.html
    """
    name, ecr = calls.repository(tags=[{"Key": "team", "Value": "a"}]), calls.client("ecr")
    arn = ecr.describe_repositories(repositoryNames=[name])["repositories"][0]["repositoryArn"]
    ecr.tag_resource(resourceArn=arn, tags=[{"Key": "stage", "Value": "stg"}])
    ecr.untag_resource(resourceArn=arn, tagKeys=["team"])
    found = ecr.list_tags_for_resource(resourceArn=arn)["tags"]
    assert found == [{"Key": "stage", "Value": "stg"}], f"{found}"
