"""Tables in Markdown pages, and the part of a page that a command writes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from harness.errors import HarnessError
from harness.paths import shown


def row(cells: Iterable[str]) -> str:
    """Return a row of a table."""
    return f"| {' | '.join(cells)} |"


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a table whose first row is its header, padded so that it also reads well in a terminal."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    head, *body = [
        row([first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True))])
        for first, *cells in rows
    ]
    return [head, f"|{'|'.join('-' * (width + 2) for width in widths)}|", *body]


def escaped(text: str) -> str:
    """Return text escaped for a cell."""
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def cells(line: str) -> list[str]:
    """Return the cells of a row, unescaped."""
    split = re.split(r"(?<!\\)\|", line.strip()[1:-1])
    return [cell.strip().replace("\\|", "|").replace("&lt;", "<") for cell in split]


def marks(command: str) -> tuple[str, str]:
    """Return the comments around the part of a page that a command writes."""
    return f"<!-- written by `{command}`: begin -->\n", f"<!-- written by `{command}`: end -->\n"


def between(document: str, begin: str, end: str) -> str | None:
    """Return the text between two marks; None if one of them is missing."""
    found = document.partition(begin)[2].partition(end)
    return found[0] if found[1] else None


def replaced(path: Path, document: str, begin: str, end: str, content: str) -> str:
    """Return the document with new content between its marks.

    Raises:
        HarnessError: the marks are missing.
    """
    if between(document, begin, end) is None:
        raise HarnessError(f"{shown(path)} lacks the marks of its table", f"add the lines {begin}{end}")
    before, _, rest = document.partition(begin)
    return f"{before}{begin}\n{content}\n{end}{rest.partition(end)[2]}"
