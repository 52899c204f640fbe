"""Conditions in filter patterns: comparisons of fields, joined by `&&`, `||` and parentheses.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
"""

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

type Condition = Callable[[Any], bool]
"""Whether it holds for a document."""

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<open>\()|(?P<close>\))|(?P<join>&&|\|\|)|(?P<operator>!=|>=|<=|=|>|<)
        |"(?P<text>(?:[^"\\]|\\.)*)"
        |%(?P<regex>(?:[^%\\]|\\.)+)%
        |(?P<selector>\$(?:\.[\w-]+|\[\s*(?:\d+|'[^']*'|"[^"]*")\s*\])+)
        |(?P<word>[^\s()=<>!&|"]+)
    )""",
    re.VERBOSE,
)
_STEP = re.compile(r"""\.([\w-]+)|\[\s*(?:(\d+)|'([^']*)'|"([^"]*)")\s*\]""")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
# A backslash does not help; \x28 stands for a parenthesis:
# https://github.com/ministryofjustice/modernisation-platform-environments/pull/5137.
_NOT_IN_REGEX = re.compile(r"[^A-Za-z0-9:_#=@/;,^$?\[\]{}|\\*+.-]")
_ORDER: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "!=": operator.ne, ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le,
}  # fmt: skip
_IS: Mapping[str, object] = {"NULL": None, "TRUE": True, "FALSE": False}
_MISSING = object()
_MOST_NESTED = 50


class PatternError(ValueError):
    """A pattern that is not valid."""


class TermError(PatternError):
    """A term has a character that it may not have. The text is AWS's."""

    def __init__(self, character: str) -> None:
        super().__init__(f"Invalid character(s) in term '{character}'")


def parse(text: str, columns: Sequence[str] = ()) -> Condition:
    """Parse conditions.

    Args:
        text: such as `$.level = "ERROR" && $.ms > 10`.
        columns: names that are selectors, too: those of a pattern with columns.

    Raises:
        PatternError: it is not valid.
    """
    parser = _Parser(_tokens(text), frozenset(columns), text)
    condition = parser.any_of(0)
    parser.end()
    return condition


def selectors(text: str) -> list[str]:
    """Return the selectors in conditions, in their order and as they are written.

    Raises:
        PatternError: the text is not valid.
    """
    return list(dict.fromkeys(value for kind, value in _tokens(text) if kind == "selector"))


def select(document: Any, selector: str) -> Any:
    """Return the value at a selector like `$.a.b[0]`, or a column's by its name; None if there is none."""
    found = _find(document, _steps(selector))
    return None if found is _MISSING else found


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]], columns: frozenset[str], text: str) -> None:
        self._tokens = tokens
        self._columns = columns
        self._text = text
        self._position = 0

    def any_of(self, depth: int) -> Condition:
        """Parse conditions joined by `||`, which binds less than `&&`."""
        found = [self._all_of(depth)]
        while self._take("join", "||"):
            found.append(self._all_of(depth))
        return found[0] if len(found) == 1 else lambda document: any(holds(document) for holds in found)

    def end(self) -> None:
        """Require that nothing is left."""
        if self._position < len(self._tokens):
            raise PatternError(self._text)

    def _all_of(self, depth: int) -> Condition:
        found = [self._one(depth)]
        while self._take("join", "&&"):
            found.append(self._one(depth))
        return found[0] if len(found) == 1 else lambda document: all(holds(document) for holds in found)

    def _one(self, depth: int) -> Condition:
        if self._take("open"):
            if depth == _MOST_NESTED:
                raise PatternError(self._text)
            inside = self.any_of(depth + 1)
            self._next("close")
            return inside
        steps = _steps(self._selector())
        kind, value = self._next("operator", "word")
        if kind == "operator":
            return self._comparison(steps, value)
        if value == "NOT":
            if self._next("word")[1] != "EXISTS":
                raise PatternError(self._text)
            return lambda document: _find(document, steps) is _MISSING
        if value == "EXISTS":
            return lambda document: _find(document, steps) is not _MISSING
        if value != "IS" or (wanted := self._next("word")[1]) not in _IS:
            raise PatternError(self._text)
        expected = _IS[wanted]
        return lambda document: _find(document, steps) is expected

    def _selector(self) -> str:
        kind, value = self._next("selector", "word")
        if kind == "word" and value not in self._columns:
            raise PatternError(self._text)
        return value

    def _comparison(self, steps: Sequence[str | int], sign: str) -> Condition:
        kind, value = self._next("text", "regex", "word")
        compare = _ORDER[sign]
        if kind == "word" and _NUMBER.fullmatch(value):
            number = float(value)
            return lambda document: (found := _as_number(_find(document, steps))) is not None and compare(found, number)
        if (kind, value, sign) == ("word", "*", "="):  # any value
            return lambda document: _find(document, steps) not in (_MISSING, None)
        if sign not in ("=", "!="):
            raise PatternError(self._text)
        expression = compiled(value) if kind == "regex" else wildcards(value)
        search = expression.search if kind == "regex" else expression.fullmatch
        wanted = sign == "="
        return lambda document: (
            isinstance(found := _find(document, steps), str) and (search(found) is not None) is wanted
        )

    def _take(self, kind: str, value: str | None = None) -> bool:
        taken = self._position < len(self._tokens) and self._tokens[self._position][0] == kind
        taken = taken and value in (None, self._tokens[self._position][1])
        self._position += taken
        return taken

    def _next(self, *kinds: str) -> tuple[str, str]:
        if self._position == len(self._tokens) or self._tokens[self._position][0] not in kinds:
            raise PatternError(self._text)
        self._position += 1
        return self._tokens[self._position - 1]


def compiled(expression: str) -> re.Pattern[str]:
    """Compile a pattern's regular expression.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/regex-expressions.html

    Raises:
        PatternError: it is not valid.
    """
    if unknown := _NOT_IN_REGEX.search(expression):
        raise TermError(unknown[0])
    try:
        return re.compile(expression)
    except re.error:
        raise PatternError(expression) from None


def wildcards(text: str) -> re.Pattern[str]:
    """Return the expression for a text, in which `*` stands for any characters."""
    plain = re.sub(r"\\(.)", r"\1", text)
    return re.compile(".*".join(map(re.escape, plain.split("*"))), re.DOTALL)


def _tokens(text: str) -> list[tuple[str, str]]:
    found, position = [], 0
    text = text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise PatternError(text)
        assert match.lastgroup
        found.append((match.lastgroup, match[match.lastgroup]))
        position = match.end()
    return found


def _steps(selector: str) -> list[str | int]:
    if not selector.startswith("$"):
        return [selector]
    return [int(index) if index else name or one or two for name, index, one, two in _STEP.findall(selector)]


def _find(document: Any, steps: Sequence[str | int]) -> Any:
    for step in steps:
        if isinstance(step, int):
            if not isinstance(document, list) or step >= len(document):
                return _MISSING
            document = document[step]
        elif not isinstance(document, dict) or step not in document:
            return _MISSING
        else:
            document = document[step]
    return document


def _as_number(value: Any) -> float | None:
    """Return a number, or that of a column's text; None for any other value."""
    if isinstance(value, _Column) and _NUMBER.fullmatch(value):
        return float(value)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


class _Column(str):
    """The text of a column, which may be a number."""

    __slots__ = ()


def column(text: str) -> str:
    """Return a column's text, which compares with numbers, too."""
    return _Column(text)
