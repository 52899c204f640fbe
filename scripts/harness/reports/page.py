"""A report as a page: one HTML file without scripts, which needs no network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jinja2

from harness.reports import charts
from harness.reports.document import Document

_FOLDER = Path(__file__).parent


def _number(value: Any) -> str:
    """Return a cell as text."""
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def html(document: Document) -> str:
    """Return the page. Everything in it comes from the document, and is escaped."""
    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters |= {"cell": _number}
    templates.globals |= {
        "drawn": charts.drawn,
        "shares": charts.shares,
        "width": charts.WIDTH,
        "height": charts.HEIGHT,
    }
    # From what the JSON file has: the page cannot say anything else.
    return templates.get_template("page.html.j2").render(json.loads(json.dumps(document.as_dict())))
