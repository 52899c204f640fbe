"""The table: of the current run on the terminal, and of the last run in each runtime in docs/fidelity.md.

The document is the only record of a run; a run in one runtime leaves the other's column unchanged.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.markup import escape
from rich.table import Table

from benchmarks.fidelity.attributes import Attribute
from benchmarks.fidelity.verdicts import CLASSES, EMULATED, ENFORCED, IGNORED, Evidence
from harness import console, markdown, paths

PATH = paths.ROOT / "docs" / "fidelity.md"
BEGIN, END = markdown.marks("make fidelity WRITE=1")
COLOURS = {ENFORCED: "green", EMULATED: "yellow", IGNORED: "red"}
RUNTIMES = ("embedded", "docker")
NOT_THERE = "-"


@dataclass(frozen=True)
class Result:
    """A run in one runtime.

    Attributes:
        runtime: `embedded` or `docker`.
        date: ISO 8601.
        evidence: for each attribute, in the table's order.
    """

    runtime: str
    date: str
    evidence: list[Evidence]


@dataclass(frozen=True)
class Row:
    """The document's entry for an attribute in one runtime."""

    verdict: str
    remark: str

    @property
    def probed(self) -> bool:
        """Whether a probe tested the effect."""
        return self.verdict == ENFORCED or ", without effect: " in self.remark


@dataclass(frozen=True)
class Column:
    """The document's content for one runtime: date and findings."""

    date: str
    rows: Mapping[Attribute, Row]


def column(result: Result) -> Column:
    """The part of a run that the document keeps."""
    rows = {Attribute(one.resource, one.path): Row(one.verdict, one.remark) for one in result.evidence}
    return Column(result.date, rows)


def show(result: Result) -> None:
    """Prints the table of one run, and the number of attributes in each class."""
    table = Table(title=f"What the emulator does with what Terraform sets, {result.runtime}", expand=True)
    table.add_column("attribute", overflow="fold", ratio=3)
    table.add_column("class", no_wrap=True)
    table.add_column("what was seen", overflow="fold", ratio=5)
    resource = ""
    for one in result.evidence:
        if one.resource != resource:
            resource = one.resource
            table.add_section()
            table.add_row(f"[bold]{resource}[/bold]")
        verdict = f"[{COLOURS[one.verdict]}]{one.verdict}[/]"
        table.add_row(f"  {escape(one.path)}", verdict, escape(one.remark))
    console.out.print(table, soft_wrap=False)
    console.out.print(counts(one.verdict for one in result.evidence))


def counts(verdicts: Iterable[str]) -> str:
    """`103 attributes: 60 enforced, 40 emulated, 3 ignored`."""
    number = Counter(verdicts)
    return f"{number.total()} attributes: " + ", ".join(f"{number[name]} {name}" for name in CLASSES)


def text(columns: Mapping[str, Column]) -> str:
    """The table of all runtimes as Markdown."""
    known = {runtime: columns[runtime] for runtime in RUNTIMES if runtime in columns}
    lines = [
        f"- `{runtime}`, {column.date}: {counts(row.verdict for row in column.rows.values())}"
        for runtime, column in known.items()
    ]
    lines += ["", markdown.row(["attribute", *known, "what was seen"]), f"|---|{'---|' * (len(known) + 1)}"]
    resource = ""
    for attribute in sorted({attribute for column in known.values() for attribute in column.rows}):
        if attribute.resource != resource:
            resource = attribute.resource
            lines.append(f"| **{resource}** |{' |' * (len(known) + 1)}")
        found = {runtime: column.rows[attribute] for runtime, column in known.items() if attribute in column.rows}
        verdicts = [_marked(found[runtime].verdict) if runtime in found else NOT_THERE for runtime in known]
        lines.append(markdown.row([attribute.path, *verdicts, markdown.escaped(_remark(found))]))
    return "\n".join(lines) + "\n"


def _remark(found: Mapping[str, Row]) -> str:
    """The remarks of the runtimes, merged if they are equal."""
    if len({row.remark for row in found.values()}) == 1:
        return next(iter(found.values())).remark
    return "; ".join(f"{runtime}: {row.remark}" for runtime, row in found.items())


def _marked(verdict: str) -> str:
    return f"**{verdict}**" if verdict == ENFORCED else verdict


def read(document: str) -> dict[str, Column]:
    """Parses the output of `text` from a document, by runtime; empty if it has no table."""
    table = markdown.between(document, BEGIN, END) or ""
    dates = dict(re.findall(r"^- `(\w+)`, ([\d-]+):", table, re.MULTILINE))
    found: dict[str, dict[Attribute, Row]] = {runtime: {} for runtime in dates}
    resource = ""
    for line in [line for line in table.splitlines() if line.startswith("| ")][1:]:
        first, *verdicts, remark = markdown.cells(line)
        if first.startswith("**"):
            resource = first.strip("*")
            continue
        there = {runtime: verdict for runtime, verdict in zip(dates, verdicts, strict=True) if verdict != NOT_THERE}
        for runtime, seen in _remarks(remark, list(there)).items():
            found[runtime][Attribute(resource, first)] = Row(there[runtime].strip("*"), seen)
    return {runtime: Column(dates[runtime], rows) for runtime, rows in found.items()}


def _remarks(remark: str, runtimes: list[str]) -> dict[str, str]:
    """The remark of each runtime, parsed from one cell."""
    each = re.fullmatch("; ".join(f"{runtime}: (.*)" for runtime in runtimes), remark)
    return dict(zip(runtimes, each.groups() if each else [remark] * len(runtimes), strict=True))


def write(result: Result, path: Path = PATH) -> None:
    """Writes a run to the document and keeps the other runtime's."""
    document = path.read_text(encoding="utf-8")
    columns = read(document) | {result.runtime: column(result)}
    path.write_text(markdown.replaced(path, document, BEGIN, END, text(columns)), encoding="utf-8")
