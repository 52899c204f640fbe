"""Amazon Resource Names.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
"""

from typing import NamedTuple


class Arn(NamedTuple):
    """The parts of `arn:partition:service:region:account:resource`.

    Region and account are empty where the service's ARNs have none. The resource may contain colons.
    """

    partition: str
    service: str
    region: str
    account: str
    resource: str


class FunctionArn(NamedTuple):
    """The parts of `arn:aws:lambda:region:account:function:name[:qualifier]`."""

    region: str
    account: str
    name: str
    qualifier: str | None


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


def parse_function_arn(text: str) -> FunctionArn:
    """Split the ARN of a Lambda function.

    Raises:
        ValueError: the text is not a function's ARN.
    """
    arn = parse_arn(text)
    kind, _, name = arn.resource.partition(":")
    if kind != "function":
        raise ValueError(f"{text!r} is not the ARN of a function")
    name, _, qualifier = name.partition(":")
    return FunctionArn(arn.region, arn.account, name, qualifier or None)
