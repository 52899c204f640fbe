"""Reports of runs: one self-contained HTML file each, beside JSON and JUnit XML (docs/reports.md)."""

from harness.reports.document import Case, Document, Event, Events, Grid, Lines, Mark, Series, Text
from harness.reports.files import find, publish
from harness.reports.steps import of_steps

__all__ = [
    "Case",
    "Document",
    "Event",
    "Events",
    "Grid",
    "Lines",
    "Mark",
    "Series",
    "Text",
    "find",
    "of_steps",
    "publish",
]
