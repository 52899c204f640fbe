"""Sphinx's settings: the repository's Markdown as one site that needs no network. `pipeline docs` builds it."""

from __future__ import annotations

import re
from pathlib import Path

from sphinx.application import Sphinx

project = "Store sales pipeline"
extensions = ["myst_parser"]
html_theme = "furo"
html_title = project
html_extra_path = ["index.html"]  # leads to the root page
html_use_index = False
html_copy_source = False
html_show_copyright = False
root_doc = "docs/README"
include_patterns = [
    "*.md",
    "docs/**.md",
    "emulator/*.md",
    "examples/*/*.md",
    "infrastructure/**.md",
]
exclude_patterns = [".*", "**/.*", "**/.terraform", "**/node_modules"]
myst_heading_anchors = 6  # as GitHub makes them
# GitHub's own dialect; without it "$" and ":::" would mean something else here.
myst_enable_extensions: list[str] = []
suppress_warnings = ["misc.highlighting_failure"]  # shortened examples such as {"a": …} need not be valid

INDEXES = ("docs/README", "docs/decisions/README")
SECTION = re.compile(r"^\*\*(.+)\*\*\n", re.MULTILINE)
LINK = re.compile(r"\]\(([\w./-]+)\)")


def pages(text: str, folder: Path) -> list[str]:
    """Return the Markdown files that a text links to, relative to its folder, each once."""
    linked = [link.partition("#")[0] for link in re.findall(r"\]\(([^():]+)\)", text)]
    return list(dict.fromkeys(link for link in linked if link.endswith(".md") and (folder / link).is_file()))


def contents(text: str, folder: Path) -> str:
    """Return the navigation that an index stands for: a part for each of its sections, with the pages listed there."""
    first, *sections = SECTION.split(text)
    pairs = zip(sections[::2], sections[1::2], strict=True) if sections else [("", first)]
    return "".join(
        f"\n```{{toctree}}\n:hidden:\n{f':caption: {caption}' if caption else ''}\n\n"
        + "\n".join(pages(part, folder))
        + "\n```\n"
        for caption, part in pairs
    )


def adapt(app: Sphinx, name: str, source: list[str]) -> None:
    """Change a page as it is read: links to a folder lead to its README, and an index becomes the navigation."""
    folder = (Path(app.srcdir) / name).parent

    def readme(link: re.Match[str]) -> str:
        return f"]({link[1].rstrip('/')}/README.md)" if (folder / link[1] / "README.md").is_file() else link[0]

    source[0] = LINK.sub(readme, source[0])
    if name in INDEXES:
        source[0] += contents(source[0], folder)


def setup(app: Sphinx) -> None:
    """Register what is above."""
    app.connect("source-read", adapt)
