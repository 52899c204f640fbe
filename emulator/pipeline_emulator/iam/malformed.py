"""The error for malformed policies, and the check that the compilers of all elements share."""


class MalformedPolicyError(ValueError):
    """The document violates the policy grammar; AWS would not accept it.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
    """


def strings(element: str, value: object) -> tuple[str, ...]:
    """Read an element that is a string or a list of strings.

    Raises:
        MalformedPolicyError: it is anything else, or an empty list.
    """
    found = value if isinstance(value, list) else [value]
    if not found or not all(isinstance(text, str) for text in found):
        raise MalformedPolicyError(f"{element} must be a string or a list of strings")
    return tuple(found)
