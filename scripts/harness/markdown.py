"""Tables in the documents: their rows, and the part of a page that a command writes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from harness.errors import HarnessError
from harness.paths import shown


def row(cells: Iterable[str]) -> str:
    """A row of a table."""
    return f"| {' | '.join(cells)} |"


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a table whose first row is its head, padded so that a terminal shows it well, too."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    head, *body = [
        row([first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True))])
        for first, *cells in rows
    ]
    return [head, f"|{'|'.join('-' * (width + 2) for width in widths)}|", *body]


def escaped(words: str) -> str:
    """Words as a cell holds them."""
    return words.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def cells(line: str) -> list[str]:
    """The cells of a row, as they were before they were escaped."""
    split = re.split(r"(?<!\\)\|", line.strip()[1:-1])
    return [cell.strip().replace("\\|", "|").replace("&lt;", "<") for cell in split]


def marks(command: str) -> tuple[str, str]:
    """The comments around the part of a page that a command writes."""
    return f"<!-- written by `{command}`: begin -->\n", f"<!-- written by `{command}`: end -->\n"


def between(document: str, begin: str, end: str) -> str | None:
    """What stands between two marks; None where one of them is missing."""
    found = document.partition(begin)[2].partition(end)
    return found[0] if found[1] else None


def replaced(path: Path, document: str, begin: str, end: str, content: str) -> str:
    """The document with other content between its marks.

    Raises:
        HarnessError: the marks are missing.
    """
    if between(document, begin, end) is None:
        raise HarnessError(f"{shown(path)} lacks the marks of its table", f"add the lines {begin}{end}")
    before, _, rest = document.partition(begin)
    return f"{before}{begin}\n{content}\n{end}{rest.partition(end)[2]}"
