"""Finds the root module in a folder, its files of variables, and the function's source."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from harness.errors import HarnessError
from harness.init.plan import MAPPING
from harness.paths import shown
from harness.pipeline.schema import STAGE
from harness.terraform import relative_paths

LEFT_OUT = {"modules", "module", "examples", "tests", "node_modules", "venv", "__pycache__"}
# Where people put variables, and how they name stages.
CODE = (".py", ".mjs", ".js", ".cjs")
_FOLDERS = ("vars/", "", "env/", "environments/", "envs/", "tfvars/", "config/")
# In a file for each stage, or in a folder for each; each in Terraform's own syntax first, then in its JSON.
VARIABLES = tuple(
    f"{folder}{{stage}}{name}{ending}"
    for name in (".tfvars", "/terraform.tfvars")
    for folder in _FOLDERS
    for ending in ("", ".json")
)
# In Terraform's own syntax, and in its JSON.
_ROOT = re.compile(r'^\s*(provider|module|backend)\s+"|"(provider|module|backend)"\s*:', re.MULTILINE)
_MAKES = re.compile(r'^\s*(module|resource)\s+"|"(module|resource)"\s*:', re.MULTILINE)
_ENDINGS = ("*.tf", "*.tf.json")


def roots(folder: Path) -> list[Path]:
    """Return the root modules at or below a folder, the likeliest first: they configure a provider or a backend.

    Beside a pipeline's there may be others, such as one that makes the bucket of the state.

    Raises:
        HarnessError: there is no folder, or no Terraform in it.
    """
    if folder.is_file():
        raise HarnessError(f"{shown(folder)} is a file", f"name the folder that it is in: {shown(folder.parent)}")
    if not folder.is_dir():
        raise HarnessError(f"there is no folder {folder}", "name the folder with your Terraform, or one above it")
    found = sorted(set(_modules(folder)), key=lambda path: (len(path.relative_to(folder).parts), str(path)))
    if not found:
        raise HarnessError(f"{shown(folder)} has no .tf files", "name the folder with your Terraform, or one above it")
    likely = [path for path in found if _ROOT.search(_text(path)) and _MAKES.search(_text(path))]
    return [path for path in likely if _has_mapping(path)] or likely or found[:1]


def _has_mapping(root: Path) -> bool:
    """Return whether a root module, or a module in its folder or beside it, has an event source mapping."""
    texts = (file.read_text(encoding="utf-8", errors="replace") for file in relative_paths.configuration(root))
    return any(MAPPING in text for text in texts)


def _modules(folder: Path) -> Iterator[Path]:
    for file in (file for ending in _ENDINGS for file in folder.rglob(ending)):
        inside = file.parent.relative_to(folder).parts
        if not LEFT_OUT.intersection(inside) and not any(part.startswith(".") for part in inside):
            yield file.parent


def _text(folder: Path) -> str:
    files = sorted(file for ending in _ENDINGS for file in folder.glob(ending))
    return "\n".join(file.read_text(encoding="utf-8", errors="replace") for file in files)


def var_file(root: Path) -> str | None:
    """Return the pattern of the root module's files of variables, relative to it; None if it has none by stage."""
    for pattern in VARIABLES:
        if any(not _is_read_without(file, root) for file in root.glob(_any(pattern))):
            return pattern
    return None


def _is_read_without(file: Path, root: Path) -> bool:
    """Return whether Terraform reads a file of variables by itself, for this root module or for another one."""
    if ".auto." in file.name:
        return True
    another = any(list(file.parent.glob(ending)) for ending in _ENDINGS)
    return file.name.removesuffix(".json") == "terraform.tfvars" and (file.parent == root or another)


def _any(pattern: str) -> str:
    return pattern.replace(STAGE, "*")


def source(folder: Path, handler: str | None) -> Path | None:
    """Return the folder of the function's code: that of the handler's module, or of the Dockerfile.

    Args:
        folder: searched, with those below.
        handler: of a function from a Zip, such as `enrich.handler`; None for an image.

    Returns:
        None if there is no such file, or several.
    """
    if handler is None:
        return _only(folder, "Dockerfile", 1)
    module = handler.rpartition(".")[0].replace(".", "/")
    depth = module.count("/") + 1
    return next(filter(None, (_only(folder, f"{module}{ending}", depth) for ending in CODE)), None)


def _only(folder: Path, name: str, depth: int) -> Path | None:
    """Return the folder that is `depth` levels above the only file with a name (a path's end)."""
    found = []
    for file in folder.rglob(name):
        parts = file.relative_to(folder).parts
        if not LEFT_OUT.intersection(parts) and not any(part.startswith(".") for part in parts):
            found.append(file.parents[depth - 1])
    return found[0] if len(found) == 1 else None
