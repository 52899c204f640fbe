"""Checks requests for repositories that moto accepts and AWS refuses.

https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html and
https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeRepositories.html; the constraints' words are ours
where none are recorded.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from localstack.aws.api import CommonServiceException
from localstack.aws.spec import load_service
from moto.ecr.exceptions import InvalidParameterException

from pipeline_emulator import patches
from pipeline_emulator.ecr.errors import InvalidParameterError

# https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-using-tags.html
_MOST_TAGS, _RESERVED = 50, "aws:"
_INVALID_RULES = (
    "Invalid parameter at 'LifecyclePolicyText' failed to satisfy constraint: 'Lifecycle policy validation failure: {}'"
)
_NO_LIST = "A rule for tagged images needs tagPatternList or tagPrefixList"
_NO_NUMBER = "rulePriority must be an integer"
_NOT_LAST = "A rule for any images must have the highest rulePriority"


def install() -> None:
    """Patch moto."""
    patches.REPOSITORY_NAMES.replace(str(load_service("ecr").shape_for("RepositoryName").metadata["pattern"]))

    @patches.CHECK_LIFECYCLE_RULES.wrap
    def validate(original: Callable[[Any], None], self: Any) -> None:
        original(self)
        if found := _problem(self._rules):
            raise InvalidParameterException(_INVALID_RULES.format(found))


def check_name(name: str) -> None:
    """Check the length of a new repository's name; moto checks its form.

    Raises:
        InvalidParameterError: it is too short or too long.
    """
    limits = load_service("ecr").shape_for("RepositoryName").metadata
    if len(name) < limits["min"]:
        raise InvalidParameterError("repositoryName", f"must have length greater than or equal to {limits['min']}")
    if len(name) > limits["max"]:
        raise InvalidParameterError("repositoryName", f"must have length less than or equal to {limits['max']}")


def check_tags(new: Iterable[Mapping[str, str]], present: Iterable[Mapping[str, str]] = ()) -> None:
    """Check the tags that are added to a repository with those that are present.

    Raises:
        CommonServiceException: there would be too many, or one has AWS's prefix.
    """
    keys = {tag["Key"] for tag in new}
    if reserved := [key for key in keys if key.lower().startswith(_RESERVED)]:
        text = f"Tag keys must not begin with the reserved prefix {_RESERVED} {', '.join(reserved)}"
        raise CommonServiceException("InvalidTagParameterException", text, sender_fault=True)
    if len(keys | {tag["Key"] for tag in present}) > _MOST_TAGS:
        text = f"A repository can have up to {_MOST_TAGS} tags."
        raise CommonServiceException("TooManyTagsException", text, sender_fault=True)


def check_page_of_repositories(request: Mapping[str, Any]) -> None:
    """Refuse a page of named repositories.

    Raises:
        InvalidParameterError: names and a page are given.
    """
    for name in ("maxResults", "nextToken"):
        if request.get("repositoryNames") and request.get(name) is not None:
            raise InvalidParameterError(name, "cannot be used together with repositoryNames")


def _problem(rules: Sequence[Mapping[str, Any]]) -> str | None:
    """https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_parameters.html."""
    if not all(isinstance(rule["rulePriority"], int) for rule in rules):
        return _NO_NUMBER
    selections = {rule["rulePriority"]: rule["selection"] for rule in rules}
    for priority, selection in selections.items():
        if selection["tagStatus"] == "tagged" and not (
            selection.get("tagPatternList") or selection.get("tagPrefixList")
        ):
            return _NO_LIST
        if selection["tagStatus"] == "any" and priority != max(selections):
            return _NOT_LAST
    return None
