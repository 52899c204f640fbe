"""Patterns, checked against a reference that tries every way to match."""

import functools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline_emulator.iam.wildcards import Mode, matcher

pytestmark = pytest.mark.local_only

SHARE = settings().max_examples
PIECES = st.lists(st.tuples(st.text("ab:*?", max_size=6), st.booleans()), max_size=4).map(tuple)
TEXTS = st.text("ab:*?", max_size=12)
ARNS = st.lists(st.text("ab*?", max_size=3), min_size=6, max_size=8).map(":".join)


def reference(pattern: str, literal: tuple[bool, ...], text: str, mode: Mode) -> bool:
    """Match by definition: try every length that a wildcard may have in its place, and match the rest."""

    @functools.cache
    def rest(at: int, start: int) -> bool:
        if at == len(pattern):
            return start == len(text)
        char = pattern[at]
        in_resource = sum(p == ":" for p in pattern[:at]) >= 5
        if literal[at] or char not in "*?":
            return text[start : start + 1] == char and rest(at + 1, start + 1)
        anything = mode is Mode.TEXT or in_resource
        if char == "?":
            return start < len(text) and (anything or text[start] != ":") and rest(at + 1, start + 1)
        anything |= mode is Mode.RESOURCE and pattern[at + 1 : at + 2] in ("", ":")
        return any(rest(at + 1, end) for end in range(start, len(text) + 1) if anything or ":" not in text[start:end])

    return rest(0, 0)


@pytest.mark.property
@settings(max_examples=8 * SHARE)
@given(pieces=PIECES, text=TEXTS | ARNS, mode=st.sampled_from(Mode))
def test_patterns_match_by_definition(pieces: tuple[tuple[str, bool], ...], text: str, mode: Mode) -> None:
    pattern = "".join(piece for piece, _ in pieces)
    literal = tuple(fixed for piece, fixed in pieces for _ in piece)
    assert matcher(pieces, mode)(text) is reference(pattern, literal, text, mode)


@pytest.mark.property
@settings(max_examples=3 * SHARE)
@given(arn=ARNS, mode=st.sampled_from([Mode.RESOURCE, Mode.ARN]), data=st.data())
def test_a_part_replaced_by_a_star_still_matches(arn: str, mode: Mode, data: st.DataObject) -> None:
    parts = arn.split(":")
    parts[data.draw(st.integers(0, len(parts) - 1))] = "*"
    pieces = tuple((part if part == "*" else part.replace("*", "").replace("?", "")) for part in parts)
    text = arn.replace("*", "").replace("?", "")
    assert matcher(((":".join(pieces), False),), mode)(text)


def test_many_stars_take_one_step_per_character() -> None:
    """Backtracking over the stars would exceed the suite's timeout."""
    assert not matcher((("*a" * 60 + "b", False),))("a" * 20_000)
