"""Policies that AWS would not have stored."""


class MalformedPolicyError(ValueError):
    """The document breaks the grammar.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
    """


def strings(element: str, value: object) -> tuple[str, ...]:
    """Read an element that is a text or a list of texts.

    Raises:
        MalformedPolicyError: it is something else, or an empty list.
    """
    found = value if isinstance(value, list) else [value]
    if not found or not all(isinstance(text, str) for text in found):
        raise MalformedPolicyError(f"{element} must be a string or a list of strings")
    return tuple(found)
