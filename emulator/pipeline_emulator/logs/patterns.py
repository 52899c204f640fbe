"""Filter patterns: words, conditions on JSON, or columns. Metric and subscription filters and FilterLogEvents use them.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
"""

import functools
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from pipeline_emulator.logs import pattern_conditions as conditions
from pipeline_emulator.logs.pattern_conditions import PatternError, TermError, select

__all__ = ["Pattern", "PatternError", "TermError", "parse", "text_of", "value_of"]

_WORD = re.compile(
    r"""\s*(?P<sign>[-?]?)(?:"(?P<text>(?:[^"\\]|\\.)*)"|%(?P<regex>(?:[^%\\]|\\.)+)%|(?P<word>[^\s"]+))"""
)
_NOT_IN_WORD = re.compile(r"[:,()\[\]{}*`\\]")  # such a term needs quotes
_COLUMN = re.compile(r'"((?:[^"\\]|\\.)*)"|\[([^\]]*)\]|(\S+)')
_NAME = re.compile(r"\s*(?:\(\s*)*([A-Za-z_][\w-]*)")
_ELLIPSIS = "..."


class Pattern(Protocol):
    """A parsed pattern."""

    @property
    def named(self) -> Sequence[str]:
        """The fields that it names: selectors, or `$` and the name of a column."""

    def match(self, line: str) -> dict[str, Any] | None:
        """Return the fields of a line that matches, which words do not name; None if it does not match."""


def value_of(document: Mapping[str, Any], name: str) -> Any:
    """Return the value of a matching line's field by a name like those of `Pattern.named`; None if there is none."""
    return select(document, name) if name.startswith(("$.", "$[")) else document.get(name.removeprefix("$"))


def text_of(value: Any) -> str:
    """Return a field's value as text; empty if there is none, or a value of several."""
    if value is None or isinstance(value, dict | list):
        return ""
    return value if isinstance(value, str) else json.dumps(value)


@functools.lru_cache(maxsize=256)
def parse(pattern: str) -> Pattern:
    """Parse a pattern. An empty one matches every line.

    Raises:
        PatternError: it is not valid.
    """
    inner = pattern.strip()
    if inner.startswith("{"):
        if not inner.endswith("}"):
            raise PatternError(pattern)
        return _Json(inner[1:-1])
    if inner.startswith("["):
        if not inner.endswith("]"):
            raise PatternError(pattern)
        if not inner[1:-1].strip():
            return _Words("")  # LocalStack's authors recorded that AWS accepts it
        return _Columns(inner[1:-1], pattern)
    return _Words(inner)


class _Json:
    def __init__(self, text: str) -> None:
        self._condition = conditions.parse(text)
        self.named = conditions.selectors(text)

    def match(self, line: str) -> dict[str, Any] | None:
        try:
            document = json.loads(line)
        except (ValueError, RecursionError):
            return None
        return document if isinstance(document, dict) and self._condition(document) else None


class _Words:
    """Every word, or one of those with `?` if all have it, and none of those with `-`."""

    named = ()

    def __init__(self, text: str) -> None:
        found: dict[str, list[re.Pattern[str]]] = {"": [], "?": [], "-": []}
        position = 0
        while position < len(text):
            match = _WORD.match(text, position)
            if match is None:
                raise PatternError(text)
            position = match.end()
            if match["regex"]:
                expression = conditions.compiled(match["regex"])
            elif match["text"] is not None:
                expression = re.compile(re.escape(re.sub(r"\\(.)", r"\1", match["text"])))
            elif unknown := _NOT_IN_WORD.search(match["word"]):
                raise TermError(unknown[0])
            else:
                expression = re.compile(re.escape(match["word"]))
            found[match["sign"]].append(expression)
        self._all, self._any, self._none = found[""], found["?"], found["-"]

    def match(self, line: str) -> dict[str, Any] | None:
        holds = all(word.search(line) for word in self._all) and not any(word.search(line) for word in self._none)
        if self._any and not (self._all or self._none):  # AWS ignores `?` beside other words
            holds = any(word.search(line) for word in self._any)
        return {} if holds else None


class _Columns:
    """Names of a line's columns, with conditions; `...` stands for any number of them."""

    def __init__(self, text: str, pattern: str) -> None:
        parts = [part.strip() for part in _split(text)]
        if parts.count(_ELLIPSIS) > 1 or not all(parts):
            raise PatternError(pattern)
        self._names = [part if part == _ELLIPSIS else _name(part, pattern) for part in parts]
        known = [name for name in self._names if name != _ELLIPSIS]
        self.named = [f"${name}" for name in known]
        self._conditions = [
            conditions.parse(part, known)
            for part, name in zip(parts, self._names, strict=True)
            if part not in (_ELLIPSIS, name)
        ]

    def match(self, line: str) -> dict[str, Any] | None:
        values = [conditions.column(next((one for one in found if one), "")) for found in _COLUMN.findall(line)]
        fields = _named(self._names, values)
        return fields if fields is not None and all(holds(fields) for holds in self._conditions) else None


def _named(names: Sequence[str], values: Sequence[str]) -> dict[str, Any] | None:
    """Return the values by name, None if there are too many or too few."""
    if _ELLIPSIS not in names:
        return dict(zip(names, values, strict=True)) if len(names) == len(values) else None
    at = names.index(_ELLIPSIS)
    after = len(names) - at - 1
    if len(values) < at + after:
        return None
    last = values[len(values) - after :]
    return dict(zip([*names[:at], *names[at + 1 :]], [*values[:at], *last], strict=True))


def _split(text: str) -> list[str]:
    """Split at commas that are not in quotes."""
    return re.findall(r'(?:^|,)((?:"(?:[^"\\]|\\.)*"|[^,"])*)', text)


def _name(part: str, pattern: str) -> str:
    found = _NAME.match(part)
    if found is None:
        raise PatternError(pattern)
    return found[1]
