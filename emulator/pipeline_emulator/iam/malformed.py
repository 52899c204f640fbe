"""The errors for malformed policies, and the check that the compilers of all elements share.

Services share a parser, so S3, IAM, KMS and Kinesis report the same faults in the same words.
https://github.com/versity/versitygw and https://github.com/badmintoncryer/cdk-preflight have recorded them on AWS.
"""

NO_PRINCIPAL = "Policy document should not specify a principal."


class MalformedPolicyError(ValueError):
    """The document violates the policy grammar; AWS would not accept it.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
    """


class InvalidJsonError(MalformedPolicyError):
    """The document is not a JSON object."""


class InvalidPrincipalError(MalformedPolicyError):
    """A principal is none, or does not exist."""


class ForeignActionError(MalformedPolicyError):
    """A resource's policy has an action that its service does not have, or does not share."""


class ForeignResourceError(MalformedPolicyError):
    """A resource's policy is about another resource."""


def strings(element: str, value: object) -> tuple[str, ...]:
    """Read an element that is a string or a list of strings.

    Raises:
        MalformedPolicyError: it is anything else, or an empty list.
    """
    found = value if isinstance(value, list) else [value]
    if not found or not all(isinstance(text, str) for text in found):
        raise MalformedPolicyError(f"{element} must be a string or a list of strings")
    return tuple(found)
