"""Policy variables: `${aws:username}`, `${aws:PrincipalTag/team, 'none'}`, `${*}`.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html: only with Version 2012-10-17;
elsewhere they are plain text. A variable without a value and without a default matches nothing. The characters of a
value stand for themselves: a user named `*` is no wildcard.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from pipeline_emulator.iam.ternary import Missing, Undetermined
from pipeline_emulator.iam.wildcards import RESOURCE_PART, Piece, Pieces

type Value = str | tuple[str, ...]
type Lookup = Callable[[str], Value | Missing]
"""From the name of a context key, in lower case, to its value; a tuple for a multivalued key."""

_VARIABLE = re.compile(r"\$\{([^{}]*)\}")
_NAMED = re.compile(r"\s*([^\s,'*?$]+)\s*(?:,\s*'([^']*)')?\s*")
_CHARACTERS = {"*", "?", "$"}


@dataclass(frozen=True, slots=True)
class Variable:
    """A context key in lower case, and what stands for it where it is absent."""

    key: str
    default: str | None


@dataclass(frozen=True, slots=True)
class Template:
    """A text of a policy, cut at its variables.

    Attributes:
        parts: pieces of pattern and variables, in order.
        fixed: the pieces where there is no variable.
    """

    parts: tuple[Piece | Variable, ...]
    fixed: Pieces | None

    def resolve(self, lookup: Lookup) -> Pieces | Missing | Undetermined:
        """Put the values in; ABSENT if the request lacks one of them."""
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
                return Undetermined(f"${{{part.key}}} has several values and can be no policy variable")
            pieces.append((value, True))
        return tuple(pieces)


def template(text: str, with_variables: bool) -> Template | Undetermined:
    """Read a text; undetermined if AWS would not take it for a valid use of variables."""
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
            return Undetermined(f"{found[0]} is no policy variable")
    parts.append((text[end:], False))
    if any(isinstance(part, tuple) and "${" in part[0] for part in parts):
        return Undetermined(f"a policy variable in {text!r} does not end")
    pieces = tuple(part for part in parts if not isinstance(part, Variable))
    return Template(tuple(parts), pieces if len(pieces) == len(parts) else None)


def resource_template(text: str, with_variables: bool) -> Template | Undetermined:
    """Read a resource: variables only after the fifth colon."""
    before = ":".join(text.split(":")[:RESOURCE_PART])
    if with_variables and "${" in before:
        return Undetermined(f"{text!r} has a policy variable before the fifth colon")
    return template(text, with_variables)


def plain(pieces: Pieces) -> str:
    """Return the text of a pattern whose wildcards stand for themselves."""
    return "".join(text for text, _ in pieces)
