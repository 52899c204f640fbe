"""Finds the root module in a folder, its files of variables, and the function's source."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from harness.errors import HarnessError
from harness.paths import shown
from harness.pipeline.schema import STAGE

LEFT_OUT = {"modules", "module", "examples", "tests", "node_modules", "venv", "__pycache__"}
# Where people put variables, and how they name stages.
VARIABLES = ("vars/{stage}.tfvars", "{stage}.tfvars", "env/{stage}.tfvars", "environments/{stage}.tfvars")
_ROOT = re.compile(r'^\s*(provider|module)\s+"|^\s*backend\s+"', re.MULTILINE)
_MAKES = re.compile(r'^\s*(module|resource)\s+"', re.MULTILINE)


def roots(folder: Path) -> list[Path]:
    """Return the root modules at or below a folder, the likeliest first: they configure a provider or a backend.

    Raises:
        HarnessError: there is no folder, or no Terraform in it.
    """
    if not folder.is_dir():
        raise HarnessError(f"there is no folder {folder}", "name the folder with your Terraform, or one above it")
    found = sorted(set(_modules(folder)), key=lambda path: (len(path.relative_to(folder).parts), str(path)))
    if not found:
        raise HarnessError(f"{shown(folder)} has no .tf files", "name the folder with your Terraform, or one above it")
    likely = [path for path in found if _ROOT.search(_text(path)) and _MAKES.search(_text(path))]
    return likely or found[:1]


def _modules(folder: Path) -> Iterator[Path]:
    for file in folder.rglob("*.tf"):
        inside = file.parent.relative_to(folder).parts
        if not LEFT_OUT.intersection(inside) and not any(part.startswith(".") for part in inside):
            yield file.parent


def _text(folder: Path) -> str:
    return "\n".join(file.read_text(encoding="utf-8", errors="replace") for file in sorted(folder.glob("*.tf")))


def var_file(root: Path) -> str | None:
    """Return the pattern of the root module's files of variables, relative to it; None if it has none by stage."""
    for pattern in VARIABLES:
        if any(root.glob(pattern.replace(STAGE, "*"))):
            return pattern
    return None


def source(folder: Path) -> Path | None:
    """Return the folder of the only Dockerfile at or below a folder; None if there is none, or several."""
    files = [file for file in folder.rglob("Dockerfile") if not LEFT_OUT.intersection(file.relative_to(folder).parts)]
    visible = [file for file in files if not any(part.startswith(".") for part in file.relative_to(folder).parts)]
    return visible[0].parent if len(visible) == 1 else None
