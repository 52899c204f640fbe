"""`pipeline reference`: the pages that are written from the code, all at once."""

from __future__ import annotations

from pathlib import Path

import click

from harness import console, markdown
from harness.cli import commands_page, settings_page
from harness.errors import EXIT_INTERRUPTED, HarnessError
from harness.paths import ROOT, shown
from harness.reference import errors_page, metrics_page, toml_page
from harness.terraform import module_docs

COMMAND = "pipeline reference --write"
DOCS = ROOT / "docs"


def run(group: click.Group, *, write: bool) -> None:
    """Compare the pages with the code, or write them.

    Raises:
        HarnessError: a page is out of date, or cannot be written.
    """
    stale = {path: text for path, text in pages(group).items() if not path.exists() or path.read_text() != text}
    if write:
        for path, text in stale.items():
            path.write_text(text, encoding="utf-8")
            console.say(f"wrote {shown(path)}")
    elif stale:
        raise HarnessError(f"out of date: {', '.join(map(shown, stale))}", f"run {COMMAND}")


def pages(group: click.Group) -> dict[Path, str]:
    """Return every generated page with the text that it should have.

    Raises:
        HarnessError: a page lacks the marks of its generated part, or the emulator is not installed.
    """
    parts = {
        DOCS / "pipeline-toml.md": "\n".join(toml_page.table()),
        DOCS / "metrics.md": metrics_page.tables(),
    }
    return {
        commands_page.PATH: commands_page.text(group),
        settings_page.PATH: settings_page.text(group),
        DOCS / "errors.md": errors_page.text(EXIT_INTERRUPTED),
        **{path: _with(path, part) for path, part in parts.items()},
        **module_docs.readmes(),
    }


def _with(path: Path, part: str) -> str:
    """Return a page with its generated part."""
    return markdown.replaced(path, path.read_text(encoding="utf-8"), *markdown.marks(COMMAND), part)
