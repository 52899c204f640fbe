"""Where reports are kept: the last of each name, in `.cache/reports`."""

from __future__ import annotations

import json
import os
from pathlib import Path

from harness import console
from harness.errors import HarnessError
from harness.machine.files import write_whole
from harness.paths import shown
from harness.pipeline import definition
from harness.reports import junit, page, summary
from harness.reports.document import Document

SUMMARY = "GITHUB_STEP_SUMMARY"  # names a file whose Markdown GitHub shows on the page of a run
NEXT = "these commands write one: make verify, chaos, soak, bench, e2e, rehearse-stg"


def folder() -> Path:
    """Return the folder of the current pipeline's reports."""
    return definition.current().cache / "reports"


def publish(document: Document) -> Path:
    """Write a report as HTML, JSON and JUnit XML, and add its summary to that of a GitHub job.

    Returns:
        The HTML file.
    """
    html = folder() / f"{document.name}.html"
    write_whole(html.with_suffix(".json"), json.dumps(document.as_dict(), indent=1))
    write_whole(html.with_suffix(".xml"), junit.xml(document))
    write_whole(html, page.html(document))
    if place := os.environ.get(SUMMARY):
        with Path(place).open("a", encoding="utf-8") as file:
            file.write(summary.markdown(document) + "\n")
    console.say(f"report: {shown(html)}")
    return html


def find(name: str) -> Path:
    """Return the HTML file of a report.

    Args:
        name: of the report; empty for the last one.

    Raises:
        HarnessError: there is none.
    """
    found = sorted(folder().glob("*.html"), key=lambda file: file.stat().st_mtime_ns)
    if not found:
        raise HarnessError("there is no report yet", NEXT)
    if not name:
        return found[-1]
    for file in found:
        if file.stem == name:
            return file
    raise HarnessError(f"there is no report {name}", f"there are {', '.join(sorted(file.stem for file in found))}")
