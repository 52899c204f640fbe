"""Finds where the relative paths in the files of a root module lead to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

EXAMPLES, TESTS = "examples", "tests"  # of modules; not part of what is applied
_UP = re.compile(r"(?<![.\w])\.\.(?![.\w])(?:/[\w.-]+)*")  # not the dots of `list...`
_COMMENT = re.compile(r"^\s*(#|//).*$", re.MULTILINE)
# Programs are run in the root module, which these words name, too.
_IN_THE_ROOT = re.compile(r"local-exec|path\.root|path\.cwd")


def ends(root: Path) -> set[Path]:
    """Return what paths with `..` lead to, in the root module and in the modules outside of it that they lead to."""
    found: set[Path] = set()
    seen: set[Path] = set()
    modules = [root]
    while modules:
        module = modules.pop()
        seen.add(module)
        found |= {end for file in files(module) for end in _of_file(file, root)}
        modules = [end for end in found - seen if not root.is_relative_to(end) and any(end.glob("*.tf"))]
    return found


def files(module: Path) -> Iterator[Path]:
    """Yield the files of a module and of those below it, without examples."""
    for file in module.rglob("*.tf"):
        if not {EXAMPLES, ".terraform"}.intersection(file.relative_to(module).parts):
            yield file


def _of_file(file: Path, root: Path) -> set[Path]:
    text = _COMMENT.sub("", file.read_text(encoding="utf-8", errors="replace"))
    # Modules are found from the file.
    starts = [file.parent, *([root] if _IN_THE_ROOT.search(text) else [])]
    return {(start / found).resolve() for found in _UP.findall(text) for start in starts}
