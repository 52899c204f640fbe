"""Matches patterns with `*` (any characters) and `?` (one character).

- Actions and StringLike: `*` matches anything.
- Resource: wildcards stay within a segment of the ARN, except that a `*` at the end of a segment may extend beyond its
  colon. Everything after the fifth colon is one segment, colons included.
  https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
- ArnEquals and ArnLike: the six parts are compared one by one.
  https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_ARN

A pattern is a sequence of pieces: text, and whether its `*` and `?` are literal (the value of a policy variable).
General patterns run as a non-deterministic automaton whose states are the bits of one integer, so that a pattern takes
one step per character, however many stars it has.
"""

from collections.abc import Callable
from enum import Enum
from functools import lru_cache

type Piece = tuple[str, bool]
type Pieces = tuple[Piece, ...]
type Matcher = Callable[[str], bool]

RESOURCE_PART = 5
"""Number of colons before the resource part of an ARN."""


class Mode(Enum):
    """The kind of text a pattern is matched against."""

    TEXT = "text"
    RESOURCE = "resource"
    ARN = "arn"


@lru_cache(maxsize=4096)
def matcher(pieces: Pieces, mode: Mode = Mode.TEXT) -> Matcher:
    """Compile a pattern to a predicate."""
    symbols = [(char, not literal and char in "*?") for text, literal in pieces for char in text]
    if not any(special for _, special in symbols):
        return "".join(char for char, _ in symbols).__eq__
    if symbols[-1] == ("*", True) and not any(special for _, special in symbols[:-1]):
        prefix = "".join(char for char, _ in symbols[:-1])
        if mode is not Mode.ARN or prefix.count(":") >= RESOURCE_PART:
            return lambda text: text.startswith(prefix)
    return _automaton(symbols, mode)


def _automaton(symbols: list[tuple[str, bool]], mode: Mode) -> Matcher:
    """Build the automaton. State bit i is set if the first i consuming symbols have matched the text read so far."""
    consumed = colons = 0
    loops = loops_at_colon = 0  # states that a `*` keeps alive
    one = one_at_colon = 0  # states that a `?` moves on from
    exact: dict[str, int] = {}
    for index, (char, special) in enumerate(symbols):
        bit = 1 << consumed
        confined = mode is not Mode.TEXT and colons < RESOURCE_PART
        if special and char == "*":
            ends_segment = index + 1 == len(symbols) or symbols[index + 1][0] == ":"
            loops |= bit
            if not confined or (mode is Mode.RESOURCE and ends_segment):
                loops_at_colon |= bit
            continue
        if special:
            one |= bit
            one_at_colon |= 0 if confined else bit
        else:
            exact[char] = exact.get(char, 0) | bit
            colons += char == ":"
        consumed += 1
    accepting = {char: bits | one for char, bits in exact.items()}
    accepting[":"] = exact.get(":", 0) | one_at_colon
    final = 1 << consumed

    def matches(text: str) -> bool:
        alive = 1
        for char in text:
            kept = loops_at_colon if char == ":" else loops
            alive = ((alive & accepting.get(char, one)) << 1) | (alive & kept)
            if not alive:
                return False
        return bool(alive & final)

    return matches
