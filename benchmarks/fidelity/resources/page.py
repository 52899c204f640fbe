"""The table of resource types in docs/fidelity.md: written by a run, read by its test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from benchmarks.fidelity import report
from benchmarks.fidelity.resources.subject import Subject
from harness import markdown

BEGIN, END = markdown.marks("make fidelity RESOURCES=1 WRITE=1")
PATH = report.PATH
NONE = "-"


def text(subjects: Sequence[Subject], findings: Mapping[str, Sequence[str]]) -> str:
    """The table as Markdown.

    Args:
        subjects: that the run took through their life.
        findings: by address, what was not as configured.
    """
    rows = [["type", "changed in place", "not as configured"], ["---"] * 3]
    ordered = sorted(subjects, key=lambda one: one.resource)
    for resource, group in groupby(ordered, key=lambda one: one.resource):
        alike = list(group)
        changed = sorted({name for one in alike for arguments in one.rounds for name in arguments})
        remark = " (by the provider: replaced)" if alike[0].is_replaced else ""
        found = [finding for one in alike for finding in findings.get(one.address, ())]
        rows.append([resource, (", ".join(changed) or NONE) + remark, markdown.escaped("; ".join(found)) or NONE])
    return "\n".join(map(markdown.row, rows)) + "\n"


def lines(findings: Mapping[str, Sequence[str]]) -> Sequence[str]:
    """The findings, a line each."""
    return [f"{address}: {finding}" for address, texts in findings.items() for finding in texts]


def documented() -> str:
    """The table in the docs."""
    return (markdown.between(PATH.read_text(encoding="utf-8"), BEGIN, END) or "").strip() + "\n"


def write(table: str) -> None:
    """Writes the table to the docs."""
    document = PATH.read_text(encoding="utf-8")
    PATH.write_text(markdown.replaced(PATH, document, BEGIN, END, table), encoding="utf-8")
