"""Amazon Resource Names.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
"""

from functools import lru_cache
from typing import NamedTuple

_PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}


class Arn(NamedTuple):
    """The parts of `arn:partition:service:region:account:resource`.

    Region and account are empty where the service's ARNs have none. The resource may contain colons.
    """

    partition: str
    service: str
    region: str
    account: str
    resource: str

    def __str__(self) -> str:
        """Return the ARN as text."""
        return ":".join(("arn", *self))

    @property
    def name(self) -> str:
        """The last part of the resource's path, such as the name of a role."""
        return self.resource.rpartition("/")[2]


class FunctionArn(NamedTuple):
    """The parts of `arn:aws:lambda:region:account:function:name[:qualifier]`."""

    region: str
    account: str
    name: str
    qualifier: str | None


def partition_of(region: str) -> str:
    """Return the partition of a region; `aws` for global resources, whose ARNs have no region."""
    return next((name for prefix, name in _PARTITIONS.items() if region.startswith(prefix)), "aws")


@lru_cache(maxsize=4096)  # a stack has few
def find_arn(text: str) -> Arn | None:
    """Split an ARN; return None if the text is not one."""
    prefix, *parts = text.split(":", 5)
    return Arn(*parts) if prefix == "arn" and len(parts) == 5 else None


def parse_arn(text: str) -> Arn:
    """Split an ARN.

    Raises:
        ValueError: the text is not an ARN.
    """
    if found := find_arn(text):
        return found
    raise ValueError(f"{text!r} is not an ARN")


def find_function_arn(text: str) -> FunctionArn | None:
    """Split the ARN of a Lambda function; return None if the text is not one."""
    arn = find_arn(text)
    kind, _, name = arn.resource.partition(":") if arn else ("", "", "")
    if arn is None or kind != "function":
        return None
    name, _, qualifier = name.partition(":")
    return FunctionArn(arn.region, arn.account, name, qualifier or None)


def parse_function_arn(text: str) -> FunctionArn:
    """Split the ARN of a Lambda function.

    Raises:
        ValueError: the text is not a function's ARN.
    """
    if found := find_function_arn(text):
        return found
    raise ValueError(f"{text!r} is not the ARN of a function")


def unqualified(function_arn: str) -> str:
    """Return a function's ARN without its version or alias.

    Raises:
        ValueError: the text is not a function's ARN.
    """
    name = parse_function_arn(function_arn).name
    return str(parse_arn(function_arn)._replace(resource=f"function:{name}"))
