"""The shell commands of the documentation, block by block, and a reader who copies them.

A block fenced with `sh` is run. One fenced with `console` is not, and the line above it says why:
`_Not run by a test: it needs AWS._`
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.machine import environment
from harness.paths import CACHE, ROOT

DOCS = ROOT / "docs"
FENCE = re.compile(r"^( *)```(\w*)[^\n]*\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
MARK = re.compile(r"^_Not run by a test: (?P<reason>[^_]\S.*)\._$", re.DOTALL)
SHELLS = {"sh", "bash", "shell", "console"}
RUN, SHOWN = "sh", "console"
# Sections of the index whose pages are followed step by step.
GUIDES = ("Learn", "How to")
LINK = re.compile(r"\]\(([^():#]+\.md)")


@dataclass(frozen=True)
class Block:
    """A block of shell commands.

    Attributes:
        page: path of the page, relative to the checkout.
        language: of its fence.
        text: the commands.
        reason: why no test runs it; None if nothing is said.
    """

    page: str
    language: str
    text: str
    reason: str | None


def guides() -> list[str]:
    """Return the pages that the index lists as tutorial or how-to, relative to the checkout."""
    parts = re.split(r"^\*\*(.+)\*\*\n", (DOCS / "README.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    found = {title: LINK.findall(text) for title, text in zip(parts[1::2], parts[2::2], strict=True)}
    paths = [(DOCS / link).resolve() for title in GUIDES for link in found[title]]
    return list(dict.fromkeys(str(path.relative_to(ROOT)) for path in paths))


def blocks(page: str) -> list[Block]:
    """Return the shell blocks of a page in the checkout."""
    return list(parsed(page, (ROOT / page).read_text(encoding="utf-8")))


def parsed(page: str, text: str) -> Iterable[Block]:
    """Yield the shell blocks of a text."""
    for found in FENCE.finditer(text):
        if found[2] in SHELLS:
            above = text[: found.start()].rstrip().rpartition("\n\n")[2]
            mark = MARK.search(above)
            yield Block(page, found[2], found[3], mark["reason"] if mark else None)


def to_run(page: str) -> list[str]:
    """Return what a reader runs of a page, block by block."""
    return [block.text for block in blocks(page) if block.language == RUN]


def follow(name: str, texts: Iterable[str], folder: Path, env: Mapping[str, str], seconds: float) -> str:
    """Run blocks one after the other in one shell.

    Args:
        name: of the log.
        texts: the blocks.
        folder: in which the reader is.
        env: variables of the reader's shell, besides what every command gets.
        seconds: deadline for all of them.

    Returns:
        What they printed.
    """
    script = folder / "commands.sh"
    script.write_text("set -euo pipefail\nPS4='$ '\nset -x\n" + "".join(texts), encoding="utf-8")
    log = CACHE / "logs" / "pages" / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as sink:
        done = subprocess.run(
            ["bash", script], cwd=folder, env=environment.clean(**env), stdin=subprocess.DEVNULL, stdout=sink,
            stderr=subprocess.STDOUT, timeout=seconds, check=False,
        )  # fmt: skip
    said = log.read_text(encoding="utf-8", errors="replace")
    assert done.returncode == 0, f"exit status {done.returncode}\n{said[-8000:]}"
    return said
