"""The table: on the terminal for the run that has just ended, in the documents for the last run in each runtime."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.markup import escape
from rich.table import Table

from benchmarks.fidelity.attributes import Attribute
from benchmarks.fidelity.results import Result
from benchmarks.fidelity.verdicts import CLASSES, EMULATED, ENFORCED, IGNORED, Evidence, count
from harness import console, paths
from harness.errors import HarnessError
from harness.paths import shown

PATH = paths.ROOT / "docs" / "fidelity.md"
BEGIN = "<!-- written by `make fidelity WRITE=1`: begin -->\n"
END = "<!-- written by `make fidelity WRITE=1`: end -->\n"
COLOURS = {ENFORCED: "green", EMULATED: "yellow", IGNORED: "red"}
RUNTIMES = ("embedded", "docker")
NOT_THERE = "-"


def show(result: Result) -> None:
    """Prints the table of one run, and how many attributes are in each class."""
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
    console.out.print(counts(result.evidence))


def counts(evidence: Sequence[Evidence]) -> str:
    """`103 attributes: 60 enforced, 40 emulated, 3 ignored`."""
    number = count(evidence)
    return f"{len(evidence)} attributes: " + ", ".join(f"{number[name]} {name}" for name in CLASSES)


def text(results: Mapping[str, Result]) -> str:
    """The table of all runtimes as Markdown."""
    known = {
        runtime: {Attribute(one.resource, one.path): one for one in results[runtime].evidence}
        for runtime in RUNTIMES
        if runtime in results
    }
    lines = [f"- `{runtime}`, {results[runtime].date}: {counts(results[runtime].evidence)}" for runtime in known]
    lines += ["", f"| attribute | {' | '.join(known)} | what was seen |", f"|---|{'---|' * (len(known) + 1)}"]
    resource = ""
    for attribute in sorted({attribute for by_name in known.values() for attribute in by_name}):
        if attribute.resource != resource:
            resource = attribute.resource
            lines.append(f"| **{resource}** |{' |' * (len(known) + 1)}")
        found = {runtime: by_name[attribute] for runtime, by_name in known.items() if attribute in by_name}
        verdicts = " | ".join(_marked(found[runtime]) if runtime in found else NOT_THERE for runtime in known)
        lines.append(f"| {attribute.path} | {verdicts} | {_escaped(_remark(found))} |")
    return "\n".join(lines) + "\n"


def _remark(found: Mapping[str, Evidence]) -> str:
    """What was seen, once where it is the same everywhere."""
    if len({one.remark for one in found.values()}) == 1:
        return next(iter(found.values())).remark
    return "; ".join(f"{runtime}: {one.remark}" for runtime, one in found.items())


def _marked(one: Evidence) -> str:
    return f"**{one.verdict}**" if one.verdict == ENFORCED else one.verdict


def written(document: str, table: str) -> str:
    """The document with the table between its marks.

    Raises:
        HarnessError: the marks are not there.
    """
    before, begin, rest = document.partition(BEGIN)
    _old, end, after = rest.partition(END)
    if not begin or not end:
        raise HarnessError(f"{shown(PATH)} lacks the marks of its table", f"add the lines {BEGIN}{END}")
    return f"{before}{begin}\n{table}\n{end}{after}"


def write(results: Mapping[str, Result], path: Path = PATH) -> None:
    """Writes the table to the documents."""
    path.write_text(written(path.read_text(encoding="utf-8"), text(results)), encoding="utf-8")


def _escaped(words: str) -> str:
    return words.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")
