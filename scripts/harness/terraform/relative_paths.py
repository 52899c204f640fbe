"""Finds where the relative paths in the files of a root module lead to."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from pathlib import Path

EXAMPLES, TESTS = "examples", "tests"  # of modules; not part of what is applied
# In Terraform's own syntax, and in its JSON.
CONFIGURATION = ("*.tf", "*.tf.json")
# Terraform reads these by itself.
_VALUES = ("terraform.tfvars", "terraform.tfvars.json", "*.auto.tfvars", "*.auto.tfvars.json")
_UP = re.compile(r"(?<![.\w])\.\.(?![.\w])(?:/[\w.-]+)*")  # not the dots of `list...`
_COMMENT = re.compile(r"^\s*(#|//).*$", re.MULTILINE)
_ESCAPED = re.compile(r"\\[nrt]")  # a new line or a tab in a text
# Programs are run in the root module, which these words name, too.
_IN_THE_ROOT = re.compile(r"local-exec|path\.root|path\.cwd")


def ends(root: Path, var_file: Path | None = None, replaced: Collection[str] = ()) -> set[Path]:
    """Return what paths with `..` lead to, in the root module and in the modules outside of it that they lead to.

    Args:
        root: the root module.
        var_file: with Terraform's variables, besides those that Terraform reads by itself.
        replaced: variables whose values in files do not count, since they get others.
    """
    chosen = [var_file] if var_file and var_file.is_file() else []
    found = {end for file in [*values(root), *chosen] for end in _from(file, [root], replaced)}
    seen: set[Path] = set()
    left = [root]
    while left:
        module = left.pop()
        seen.add(module)
        found |= {end for file in files(module) for end in _of_file(file, root)}
        left = [end for end in found - seen if _is_module_outside(end, root)]
    return found


def configuration(root: Path) -> Iterator[Path]:
    """Yield the files of a root module and of the modules that its paths lead to."""
    yield from files(root)
    for module in sorted(end for end in ends(root) if _is_module_outside(end, root)):
        yield from files(module)


def values(root: Path) -> list[Path]:
    """Return the files of variables that Terraform reads by itself."""
    return [file for pattern in _VALUES for file in root.glob(pattern)]


def files(module: Path) -> Iterator[Path]:
    """Yield the files of a module and of those below it, without examples."""
    for file in (file for pattern in CONFIGURATION for file in module.rglob(pattern)):
        if not {EXAMPLES, ".terraform"}.intersection(file.relative_to(module).parts):
            yield file


def _is_module_outside(folder: Path, root: Path) -> bool:
    inside = folder.is_relative_to(root) or root.is_relative_to(folder)
    return not inside and any(file for pattern in CONFIGURATION for file in folder.glob(pattern))


def _of_file(file: Path, root: Path) -> set[Path]:
    text = file.read_text(encoding="utf-8", errors="replace")
    # Modules are found from the file.
    return _from(file, [file.parent, *([root] if _IN_THE_ROOT.search(text) else [])])


def _from(file: Path, starts: list[Path], replaced: Collection[str] = ()) -> set[Path]:
    text = _ESCAPED.sub(" ", _COMMENT.sub("", file.read_text(encoding="utf-8", errors="replace")))
    for name in replaced:
        text = re.sub(rf'(?m)(?<![\w-])"?{name}"?\s*[=:]\s*"[^"]*"', "", text)
    return {(start / found).resolve() for found in _UP.findall(text) for start in starts}
