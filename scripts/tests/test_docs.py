"""The documentation is consistent: links and anchors resolve, commands exist, README stays short."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.paths import ROOT

README_LINES, README_WORDS = 130, 1300
FENCE = re.compile(r"^ *(```|~~~).*?^ *\1 *$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`[^`\n]+`")
LINK = re.compile(r"\[[^\]]*\]\(([^()\s]+)\)")
HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)
MAKE = re.compile(r"(?:^|[\s`&])make(?: -\S+)* ([a-z][a-z0-9-]*)", re.MULTILINE)
PLACE = re.compile(r"`((?:infrastructure|service|emulator|scripts|integration_tests|benchmarks|docs|\.ci)/[\w./-]+)`")
RULE = re.compile(r"^([a-z][a-z0-9 -]*):(?!=)", re.MULTILINE)
HISTORY = ("CHANGELOG.md", "docs/decisions/")  # these use the file names of their time
INDEXED = {"docs/README.md": "docs", "docs/decisions/README.md": "docs/decisions"}


def _tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [ROOT / name for name in listed.splitlines()]


PAGES = [pytest.param(page, id=page.relative_to(ROOT).as_posix()) for page in _tracked()]
CURRENT = [page for page in PAGES if not str(page.id).startswith(HISTORY)]


def _prose(page: Path) -> str:
    """Return a page's text without its code blocks."""
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def _anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub gives a page's headings."""
    anchors: set[str] = set()
    for heading in HEADING.findall(_prose(page)):
        shown = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        first = re.sub(r"[^\w\- ]", "", shown.lower()).replace(" ", "-")
        anchor, number = first, 0
        while anchor in anchors:
            number += 1
            anchor = f"{first}-{number}"
        anchors.add(anchor)
    return anchors


def _links(page: Path) -> Iterator[tuple[str, Path, str]]:
    """Yield each link within this repository: as written, its target file, and its anchor or an empty string."""
    for link in LINK.findall(CODE.sub("`code`", _prose(page))):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        yield link, (page.parent / path).resolve() if path else page, anchor


def _broken(page: Path) -> list[str]:
    return [
        link
        for link, target, anchor in _links(page)
        if not target.exists() or (anchor and (target.suffix != ".md" or anchor not in _anchors(target)))
    ]


def _commands(page: Path) -> set[str]:
    """Return the make targets in a page's code: `make verify COUNT=2000` names verify."""
    text = page.read_text(encoding="utf-8")
    code = [block.group() for block in FENCE.finditer(text)] + CODE.findall(FENCE.sub("", text))
    return {target for each in code for target in MAKE.findall(each)}


def _targets() -> set[str]:
    rules = RULE.findall((ROOT / "Makefile").read_text(encoding="utf-8"))
    return {target for rule in rules for target in rule.split()}


@pytest.mark.parametrize("page", PAGES)
def test_every_link_and_anchor_resolves(page: Path) -> None:
    assert _broken(page) == []


@pytest.mark.parametrize("page", CURRENT)
def test_every_file_that_a_page_mentions_exists(page: Path) -> None:
    assert [name for name in PLACE.findall(_prose(page)) if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_make_target_that_a_page_mentions_exists(page: Path) -> None:
    assert _commands(page) - _targets() == set()


def test_readme_stays_short() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= README_LINES
    assert len(text.split()) <= README_WORDS


@pytest.mark.parametrize(("index", "folder"), INDEXED.items())
def test_an_index_lists_every_page_of_its_folder(index: str, folder: str) -> None:
    listed = {target for _, target, _ in _links(ROOT / index)}
    assert [page.name for page in (ROOT / folder).glob("*.md") if page not in listed | {ROOT / index}] == []


def test_a_broken_link_anchor_or_command_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# A `page`\n[good](#a-page) [bad](#b) [no file](none.md) `[code](x.md)` [web](https://example.com)\n"
        "```\n# no heading\n$ make no-such-target COUNT=1\n```\nmake sure of it, `make -s outputs`\n"
    )
    assert _broken(page) == ["#b", "none.md"]
    assert _commands(page) == {"no-such-target", "outputs"}
