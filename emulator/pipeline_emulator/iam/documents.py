"""Compiles policy documents and caches them by their text.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from pipeline_emulator.iam.malformed import InvalidJsonError, MalformedPolicyError
from pipeline_emulator.iam.statements import Statement, compile_statement

WITH_VARIABLES = "2012-10-17"
WITHOUT_VARIABLES = "2008-10-17"
_ELEMENTS = {"Version", "Id", "Statement"}


@dataclass(frozen=True, slots=True)
class Document:
    """A compiled document.

    Attributes:
        deny_statements: its Deny statements.
        allow_statements: its Allow statements.
        malformed: why AWS would not accept it; None if it would.
    """

    deny_statements: tuple[Statement, ...] = ()
    allow_statements: tuple[Statement, ...] = ()
    malformed: str | None = None


@lru_cache(maxsize=2048)
def compiled(text: str, of_resource: bool) -> Document:
    """Compile an identity's or a resource's policy. Never raises: a malformed policy sets `malformed`."""
    try:
        statements = compiled_statements(text, of_resource)
    except MalformedPolicyError as error:
        return Document(malformed=str(error))
    return Document(
        deny_statements=tuple(statement for statement in statements if not statement.allows),
        allow_statements=tuple(statement for statement in statements if statement.allows),
    )


def compiled_statements(text: str, of_resource: bool) -> list[Statement]:
    """Compile the statements of an identity's or a resource's policy.

    Raises:
        MalformedPolicyError: AWS would not accept the document.
    """
    document = _parsed(text)
    version = document.get("Version", WITHOUT_VARIABLES)
    if version not in (WITH_VARIABLES, WITHOUT_VARIABLES):
        raise MalformedPolicyError("The policy must contain a valid version string")
    if "Statement" not in document:
        raise MalformedPolicyError("Missing required field Statement")
    if unknown := sorted(document.keys() - _ELEMENTS):
        raise MalformedPolicyError(f"Unknown field {unknown[0]}")
    found = document["Statement"]
    statements = found if isinstance(found, list) else [found]
    if not statements:
        raise MalformedPolicyError("Could not parse the policy: Statement is empty!")
    return [
        compile_statement(place, statement, of_resource, version == WITH_VARIABLES)
        for place, statement in enumerate(statements, start=1)
    ]


def _parsed(text: str) -> dict[str, object]:
    try:
        document = json.loads(text, object_pairs_hook=_without_repetition)
    except MalformedPolicyError:
        raise
    except (ValueError, RecursionError) as error:
        raise InvalidJsonError("This policy contains invalid Json") from error
    if not isinstance(document, dict):
        raise InvalidJsonError("This policy contains invalid Json")
    return document


def _without_repetition(pairs: Iterable[tuple[str, object]]) -> dict[str, object]:
    """Reject repeated keys. JSON parsers keep the last one: a second StringEquals would silently replace the first."""
    found: dict[str, object] = {}
    for key, value in pairs:
        if key in found:
            raise MalformedPolicyError(f"{key} occurs twice in one object")
        found[key] = value
    return found
