"""Compiles policy documents and caches them by their text.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from pipeline_emulator.iam.malformed import MalformedPolicyError
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
        statements = _statements(text, of_resource)
    except MalformedPolicyError as error:
        return Document(malformed=str(error))
    except (ValueError, RecursionError) as error:
        return Document(malformed=f"it is not JSON ({error})")
    return Document(
        deny_statements=tuple(statement for statement in statements if not statement.allows),
        allow_statements=tuple(statement for statement in statements if statement.allows),
    )


def _statements(text: str, of_resource: bool) -> list[Statement]:
    document = json.loads(text, object_pairs_hook=_without_repetition)
    if not isinstance(document, dict) or not document.keys() <= _ELEMENTS or "Statement" not in document:
        raise MalformedPolicyError("a policy is an object with Version, Id and Statement")
    version = document.get("Version", WITHOUT_VARIABLES)
    if version not in (WITH_VARIABLES, WITHOUT_VARIABLES):
        raise MalformedPolicyError(f"the Version must be {WITH_VARIABLES} or {WITHOUT_VARIABLES}")
    found = document["Statement"]
    statements = found if isinstance(found, list) else [found]
    if not statements:
        raise MalformedPolicyError("a policy needs a statement")
    return [
        compile_statement(place, statement, of_resource, version == WITH_VARIABLES)
        for place, statement in enumerate(statements, start=1)
    ]


def _without_repetition(pairs: Iterable[tuple[str, object]]) -> dict[str, object]:
    """Reject repeated keys. JSON parsers keep the last one: a second StringEquals would silently replace the first."""
    found: dict[str, object] = {}
    for key, value in pairs:
        if key in found:
            raise MalformedPolicyError(f"{key} occurs twice in one object")
        found[key] = value
    return found
