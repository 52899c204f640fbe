"""`make clean`: leaves a checkout as git has it, but for what the user has made."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from harness import console
from harness.local import images, lifecycle
from harness.machine import engine, files
from harness.paths import CACHE, ROOT, STACKS

# What Python and the tools of `make check` and `make test` leave in any folder.
LEFT = {"__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".import_linter_cache", ".hypothesis"}
VENV = ROOT / ".venv"


def everything() -> None:
    """Takes down every stack of this checkout, and removes images and all that the harness and its tools made.

    Raises:
        HarnessError: something cannot be removed.
    """
    lifecycle.down_all()
    lifecycle.down(lifecycle.NAME)  # its containers, where its folder is gone
    if engine.missing() is None:
        with console.step("Remove this project's images"):
            images.remove()
    sys.dont_write_bytecode = True
    with console.step("Remove environments, downloads, builds and trained models"):
        for folder in [*left(ROOT), STACKS, CACHE, VENV]:  # the environment last: this runs in it
            files.remove(folder)


def left(folder: Path) -> Iterator[Path]:
    """The folders below one that tools have left."""
    passed_over = (VENV, CACHE, STACKS, ROOT / ".git")
    for parent, names, _ in os.walk(folder):
        found = [Path(parent, name) for name in names]
        yield from (path for path in found if path.name in LEFT)
        names[:] = [path.name for path in found if path.name not in LEFT and path not in passed_over]
