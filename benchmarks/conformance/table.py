"""The published table: one row per behaviour, one column per tool."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.conformance.results import Case, Result
from harness import markdown, paths

PATH = paths.ROOT / "docs" / "conformance.md"
MARKS = {"passed": "✓", "failed": "**✗**", "unsupported": "not supported:"}
HEAD = """\
# What mappings, streams, functions, log groups and their neighbours do

`make conformance` writes this page. It starts one tool at a time, empty and on the same machine, and runs the same
tests (`benchmarks/conformance/suite`) against its endpoint, with the same deadlines ({seconds:.0f} s per wait). Each
test states one behaviour that AWS documents and links to the document.

- ✓: as documented. **✗**: not as documented, with the first difference that the test saw.
- A cell describes one version in this run and says nothing about other versions.
- The column AWS says whether the test can also run on AWS.
"""


def text(results: Sequence[Result], seconds: float) -> str:
    """The table as Markdown.

    Args:
        results: of all tools, measured or not.
        seconds: the deadline of each wait.
    """
    titles = [result.title for result in results]
    rows = [_row(case, results) for case in _behaviours(results)]
    totals = ["**passed**", "", *(_total(result) for result in results)]
    lines = [markdown.row(["behaviour", "AWS", *titles]), markdown.row(["---", "---", *("---" for _ in titles)])]
    lines += [markdown.row(row) for row in [*rows, totals]]
    notes = [_note(result) for result in results]
    return "\n".join([HEAD.format(seconds=seconds), *lines, "", *notes, ""])


def write(results: Sequence[Result], seconds: float) -> None:
    """Writes the table to the docs."""
    PATH.write_text(text(results, seconds), encoding="utf-8")


def _behaviours(results: Sequence[Result]) -> list[Case]:
    """Each behaviour once, in the order of the first tool with it."""
    found: dict[str, Case] = {}
    for result in results:
        for case in result.cases:
            found.setdefault(case.behaviour, case)
    return list(found.values())


def _row(case: Case, results: Sequence[Result]) -> list[str]:
    return [
        f"[{markdown.escaped(case.behaviour)}]({case.document})",
        "yes" if case.on_aws else "no",
        *(_cell(case.behaviour, result) for result in results),
    ]


def _cell(behaviour: str, result: Result) -> str:
    if result.unmeasured:
        return "not measured"
    case = next((case for case in result.cases if case.behaviour == behaviour), None)
    if case is None:
        return "not measured"
    return f"{MARKS[case.outcome]} {markdown.escaped(case.reason)}".rstrip()


def _total(result: Result) -> str:
    if result.unmeasured:
        return "not measured"
    return f"{result.count('passed')} of {len(result.cases)}"


def _note(result: Result) -> str:
    said = [f"not measured: {result.unmeasured}" if result.unmeasured else f"measured on {result.date}", result.remark]
    return f"- **{result.title}**: {markdown.escaped('. '.join(part.rstrip('.') for part in said if part))}."
