"""The files that a module of a pipeline is made from: the modules that it imports, and the data beside them."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path


def files(module: str, roots: Sequence[Path]) -> list[Path]:
    """Return the files that a module depends on, without importing it.

    Args:
        module: its name, as in an import.
        roots: folders in which its imports are looked up. What is in none of them is a library.

    Returns:
        The module, and every module below `roots` that it imports, directly or not, at any place in the code. In the
        folders of their packages also the files that are no Python. Sorted.
    """
    found: set[Path] = set()
    waiting = list(_resolved(module, roots))
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            waiting += _imported(file, roots)
    return sorted(found | {each for file in found for each in _data(file)})


def _imported(file: Path, roots: Sequence[Path]) -> Iterator[Path]:
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):  # the file itself still counts
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _resolved(alias.name, roots)
        elif isinstance(node, ast.ImportFrom):
            package = _package(file, node.level)
            places = [package] if package else roots
            for alias in node.names:  # a name may be a module
                yield from _resolved(".".join(filter(None, (node.module, alias.name))), places)


def _package(file: Path, level: int) -> Path | None:
    """Return the folder that a relative import starts from; None for an absolute one."""
    return file.parents[level - 1] if level else None


def _resolved(name: str, roots: Sequence[Path]) -> Iterator[Path]:
    """Return the files that Python runs to import a name: packages, and the module itself if it is one."""
    parts = name.split(".")
    for root in roots:
        known = [file for end in range(1, len(parts) + 1) if (file := _module(root.joinpath(*parts[:end])))]
        if known or root.joinpath(parts[0]).is_dir():
            yield from known
            return


def _module(path: Path) -> Path | None:
    candidates = (path / "__init__.py", path.with_name(f"{path.name}.py"))
    return next((file for file in candidates if file.is_file()), None)


def _data(file: Path) -> Iterator[Path]:
    if (file.parent / "__init__.py").is_file():
        for other in file.parent.iterdir():
            if other.is_file() and other.suffix not in (".py", ".pyc") and not other.name.startswith("."):
                yield other
