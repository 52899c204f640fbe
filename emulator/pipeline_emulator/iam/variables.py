"""Policy variables: `${aws:username}`, `${aws:PrincipalTag/team, 'none'}`, `${*}`.

They exist in Version 2012-10-17 only; elsewhere they are plain text. A variable with neither value nor default matches
nothing. Values are literal: a user named `*` is not a wildcard.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from pipeline_emulator.iam.ternary import Missing, Undetermined
from pipeline_emulator.iam.wildcards import RESOURCE_PART, Piece, Pieces

type Value = str | tuple[str, ...]
type Lookup = Callable[[str], Value | Missing]
"""Returns the value of a context key, given in lower case; a multivalued key has a tuple."""

_VARIABLE = re.compile(r"\$\{([^{}]*)\}")
_NAMED = re.compile(r"\s*([^\s,'*?$]+)\s*(?:,\s*'([^']*)')?\s*")
_CHARACTERS = {"*", "?", "$"}


@dataclass(frozen=True, slots=True)
class Variable:
    """A context key in lower case, and its default if the request does not have it."""

    key: str
    default: str | None


@dataclass(frozen=True, slots=True)
class Template:
    """A text of a policy, split at its variables.

    Attributes:
        parts: pieces of the pattern and variables, in order.
        fixed: the pieces, if there are no variables.
    """

    parts: tuple[Piece | Variable, ...]
    fixed: Pieces | None

    def resolve(self, lookup: Lookup) -> Pieces | Missing | Undetermined:
        """Substitute the variables; ABSENT if the request lacks one of them."""
        if self.fixed is not None:
            return self.fixed
        pieces = []
        for part in self.parts:
            if not isinstance(part, Variable):
                pieces.append(part)
                continue
            value = lookup(part.key)
            if value is Missing.ABSENT and part.default is not None:
                value = part.default
            if value is Missing.ABSENT:
                return value
            if value is Missing.UNKNOWN:
                return Undetermined(f"this emulator does not know the value of ${{{part.key}}}")
            if not isinstance(value, str):
                return Undetermined(f"${{{part.key}}} has several values and cannot be a policy variable")
            pieces.append((value, True))
        return tuple(pieces)


def template(text: str, with_variables: bool) -> Template | Undetermined:
    """Parse a text; undetermined if AWS would not accept its variables."""
    if not with_variables or "${" not in text:
        return Template(((text, False),), ((text, False),))
    parts: list[Piece | Variable] = []
    end = 0
    for found in _VARIABLE.finditer(text):
        parts.append((text[end : found.start()], False))
        end = found.end()
        name = found[1]
        named = _NAMED.fullmatch(name)
        if name in _CHARACTERS:
            parts.append((name, True))
        elif named:
            parts.append(Variable(named[1].lower(), named[2]))
        else:
            return Undetermined(f"{found[0]} is not a policy variable")
    parts.append((text[end:], False))
    if any(isinstance(part, tuple) and "${" in part[0] for part in parts):
        return Undetermined(f"a policy variable in {text!r} is not closed")
    pieces = tuple(part for part in parts if not isinstance(part, Variable))
    return Template(tuple(parts), pieces if len(pieces) == len(parts) else None)


def resource_template(text: str, with_variables: bool) -> Template | Undetermined:
    """Parse a resource, which may contain variables only after the fifth colon."""
    before = ":".join(text.split(":")[:RESOURCE_PART])
    if with_variables and "${" in before:
        return Undetermined(f"{text!r} has a policy variable before the fifth colon")
    return template(text, with_variables)


def plain(pieces: Pieces) -> str:
    """Return a pattern's text with its wildcards as literal characters."""
    return "".join(text for text, _ in pieces)
