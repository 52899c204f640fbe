"""`make clean`: removes everything from a checkout except what git has and what the user has made."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from harness import console
from harness.local import images, lifecycle
from harness.machine import engine, files
from harness.paths import CACHE, ROOT, STACKS

# Folders that Python and the tools of `make check` and `make test` leave anywhere.
LEFT = {"__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".import_linter_cache", ".hypothesis"}
VENV = ROOT / ".venv"


def everything() -> None:
    """Take down every stack of this checkout, and remove images and all files of the harness and its tools.

    Raises:
        HarnessError: something cannot be removed.
    """
    lifecycle.down_all()
    lifecycle.down(lifecycle.NAME)  # its containers, even if its folder is gone
    if engine.missing() is None:
        with console.step("Remove this project's images"):
            images.remove()
    sys.dont_write_bytecode = True
    with console.step("Remove environments, downloads, builds and trained models"):
        for folder in [*left(ROOT), STACKS, CACHE, VENV]:  # the environment last, because this runs in it
            files.remove(folder)


def left(folder: Path) -> Iterator[Path]:
    """Yield the folders that tools have left below a folder."""
    skipped = (VENV, CACHE, STACKS, ROOT / ".git")
    for parent, names, _ in os.walk(folder):
        found = [Path(parent, name) for name in names]
        yield from (path for path in found if path.name in LEFT)
        names[:] = [path.name for path in found if path.name not in LEFT and path not in skipped]
