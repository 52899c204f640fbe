"""Filter patterns for JSON log lines: comparisons of fields, joined by `&&`.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntaxForMetricFilters.html
"""

import json
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_COMPARISON = re.compile(
    r"""\s*\(?\s*\$\.(?P<field>\w+(?:\.\w+)*)\s*(?P<operator>!=|>=|<=|=|>|<)\s*
        (?:"(?P<text>[^"]*)"|(?P<number>-?\d+(?:\.\d+)?))\s*\)?\s*""",
    re.VERBOSE,
)
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "!=": operator.ne, ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le,
}  # fmt: skip


class PatternError(ValueError):
    """A pattern of an unsupported kind."""


@dataclass(frozen=True)
class _Comparison:
    field: str
    compare: Callable[[Any, Any], bool]
    literal: str | float

    def holds(self, document: dict[str, Any]) -> bool:
        value = field(document, self.field)
        if isinstance(self.literal, str):
            return isinstance(value, str) and self.compare(value, self.literal)
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return number and self.compare(value, self.literal)


@dataclass(frozen=True)
class LogPattern:
    """A parsed pattern."""

    comparisons: tuple[_Comparison, ...]

    def match(self, line: str) -> dict[str, Any] | None:
        """Return the line's document if it is a JSON object that matches the pattern, else None."""
        try:
            document = json.loads(line)
        except ValueError:
            return None
        matches = isinstance(document, dict) and all(one.holds(document) for one in self.comparisons)
        return document if matches else None


def parse(pattern: str) -> LogPattern:
    """Parse a pattern.

    Raises:
        PatternError: the pattern has words, columns, `||`, IS or wildcards.
    """
    inner = pattern.strip()
    if not (inner.startswith("{") and inner.endswith("}")):
        raise PatternError(pattern)
    return LogPattern(tuple(_comparison(text, pattern) for text in inner[1:-1].split("&&")))


def field(document: dict[str, Any], path: str) -> Any:
    """Return the value at a path like `a.b` in a document, or None if there is none."""
    found: Any = document
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found


def _comparison(text: str, pattern: str) -> _Comparison:
    found = _COMPARISON.fullmatch(text)
    if not found or "*" in (found["text"] or ""):
        raise PatternError(pattern)
    literal = float(found["number"]) if found["number"] else found["text"]
    if isinstance(literal, str) and found["operator"] not in ("=", "!="):
        raise PatternError(pattern)
    return _Comparison(found["field"], _OPERATORS[found["operator"]], literal)
