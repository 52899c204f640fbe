"""Requests for repositories that ECR refuses or accepts, without a registry.

https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html
"""

import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.local_only


@pytest.fixture
def ecr(localstack: Any) -> Any:
    """A client that leaves all checks to the service."""
    return localstack.client("ecr", parameter_validation=False)


@pytest.fixture
def repository(ecr: Any) -> Iterator[dict[str, str]]:
    """A repository: its name and ARN."""
    made = ecr.create_repository(repositoryName=f"requests-{uuid.uuid4().hex[:8]}")["repository"]
    yield made
    ecr.delete_repository(repositoryName=made["repositoryName"], force=True)


def refusal(call: Callable[..., Any], **request: Any) -> str:
    """Return the code of a refused request."""
    with pytest.raises(ClientError) as refused:
        call(**request)
    return str(refused.value.response["Error"]["Code"])


@pytest.mark.parametrize("name", ["a--b", "a__b", "ab", "a" * 256, "a.b/c_d-e"])
def test_names_of_the_documented_form(ecr: Any, name: str) -> None:
    ecr.create_repository(repositoryName=name)
    ecr.delete_repository(repositoryName=name, force=True)


@pytest.mark.parametrize("name", ["a", "a" * 257, "A", "a..b", "a___b", "-a", "a//b"])
def test_other_names(ecr: Any, name: str) -> None:
    assert refusal(ecr.create_repository, repositoryName=name) == "InvalidParameterException"


def test_a_repository_has_up_to_fifty_tags_of_its_own(ecr: Any, repository: dict[str, str]) -> None:
    """https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-using-tags.html"""
    where = {"resourceArn": repository["repositoryArn"]}
    tags = [{"Key": f"k{number}", "Value": "v"} for number in range(51)]
    assert refusal(ecr.create_repository, repositoryName="tagged", tags=tags) == "TooManyTagsException"
    assert refusal(ecr.tag_resource, **where, tags=tags) == "TooManyTagsException"
    ecr.tag_resource(**where, tags=tags[:50])
    ecr.tag_resource(**where, tags=tags[:1])
    assert refusal(ecr.tag_resource, **where, tags=tags[50:]) == "TooManyTagsException"
    reserved = [{"Key": "aws:x", "Value": "v"}]
    assert refusal(ecr.tag_resource, **where, tags=reserved) == "InvalidTagParameterException"
    assert refusal(ecr.create_repository, repositoryName="tagged", tags=reserved) == "InvalidTagParameterException"
    missing = f"{repository['repositoryArn']}-missing"
    assert refusal(ecr.tag_resource, resourceArn=missing, tags=tags[:1]) == "RepositoryNotFoundException"


def test_a_page_has_results_and_no_named_repositories(ecr: Any, repository: dict[str, str]) -> None:
    """https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeRepositories.html"""
    names = [repository["repositoryName"]]
    assert refusal(ecr.describe_repositories, maxResults=0) == "InvalidParameterException"
    assert refusal(ecr.describe_repositories, maxResults=5, repositoryNames=names) == "InvalidParameterException"
    assert len(ecr.describe_repositories(maxResults=1)["repositories"]) == 1
    assert len(ecr.describe_repositories(repositoryNames=names)["repositories"]) == 1


def rule(priority: int, status: str, **more: Any) -> dict[str, Any]:
    selection = {"tagStatus": status, "countType": "imageCountMoreThan", "countNumber": 1, **more}
    return {"rulePriority": priority, "selection": selection, "action": {"type": "expire"}}


@pytest.mark.parametrize(
    ("rules", "accepted"),
    [
        ([rule(1, "tagged", tagPrefixList=["v"]), rule(2, "untagged"), rule(3, "any")], True),
        ([rule(9, "any"), rule(2, "tagged", tagPatternList=["v*"])], True),
        ([rule(1, "tagged")], False),
        ([rule(1, "tagged", tagPrefixList=[])], False),
        ([rule(1, "any"), rule(2, "untagged")], False),
        ([rule(1, "untagged"), {**rule(2, "any"), "rulePriority": "2"}], False),
    ],
)
def test_lifecycle_rules(ecr: Any, repository: dict[str, str], rules: list[Any], accepted: bool) -> None:
    """https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_parameters.html"""
    request = {
        "repositoryName": repository["repositoryName"],
        "lifecyclePolicyText": json.dumps({"rules": rules}),
    }
    if accepted:
        ecr.put_lifecycle_policy(**request)
    else:
        assert refusal(ecr.put_lifecycle_policy, **request) == "InvalidParameterException"
