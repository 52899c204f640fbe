"""Copies of root modules, so that nothing that tflocal or the harness adds can reach a real deployment."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.errors import HarnessError
from harness.machine.files import below, remove
from harness.paths import INFRASTRUCTURE, shown

# Local leftovers such as state files and what checks in Python leave, and what is large or about other runs.
_TERRAFORM = (".terraform", "*.tfstate*", "*_override.tf", "__pycache__")
_TESTS = ("*.tftest.hcl", "*.tftest.json")  # `terraform init` would load the modules that they call
_AROUND = (
    *(".git", "node_modules", "__pycache__", ".venv", "venv", ".tox", ".nox", ".cache", ".local", ".snapshots"),
    "*_cache",
)
_UP = re.compile(r"(?<![.\w])\.\.(?![.\w])(?:/[\w.-]+)*")  # not the dots of `list...`
_COMMENT = re.compile(r"^\s*(#|//).*$", re.MULTILINE)
_PROFILE = re.compile(r'(?<!\w)"?profile"?\s*[=:]\s*"([^"$\]]+)"')  # in Terraform's own syntax, and in its JSON
SOURCE_VARIABLE = "lambda_function_local_path"
ZIP_VARIABLE = "lambda_zip_path"
EXAMPLES, TESTS = "examples", "tests"  # of modules; not part of what is applied


def working_copy(target: Path, source: Path = INFRASTRUCTURE, left_out: Sequence[str] = ()) -> Path:
    """Copy a root module's folder alone, without local leftovers.

    Args:
        target: where the copy is made.
        source: the root module.
        left_out: patterns of further names to leave out.
    """
    shutil.copytree(source, target, ignore=shutil.ignore_patterns(*_TERRAFORM, *left_out), dirs_exist_ok=True)
    return target


def with_surroundings(root: Path, pipeline: Path, target: Path, source: Path | None = None) -> Path:
    """Copy a root module, with what its relative paths lead to.

    Args:
        root: the root module.
        pipeline: the pipeline's folder.
        target: where the copy is made; replaced.
        source: folder of the function, if the module gets it as a variable: paths to it need no copy.

    Returns:
        The copied root module.

    Raises:
        HarnessError: a file cannot be read.
    """
    remove(target)
    try:
        if not _leads_out(root, source):
            return working_copy(target, root, _TESTS)
        around = _around(root, pipeline)
        left_out = shutil.ignore_patterns(*_TERRAFORM, *_TESTS, *_AROUND)
        shutil.copytree(around, target, ignore=left_out, symlinks=True)
    except (OSError, shutil.Error) as error:
        first = error.args[0][0][2] if isinstance(error, shutil.Error) else error
        raise HarnessError(f"{shown(root)} cannot be copied: {first}", "make everything in it readable") from None
    if (around / ".git").exists():  # `git rev-parse HEAD` in a provisioner works
        (target / ".git").symlink_to(around / ".git")
    return target / root.relative_to(around)


def sources(root: Path, pipeline: Path, source: Path | None = None) -> list[Path]:
    """Return the files that `with_surroundings` copies, and those that name the current commit. Takes its arguments."""
    if not _leads_out(root, source):
        return below(root, shutil.ignore_patterns(*_TERRAFORM, *_TESTS))
    around = _around(root, pipeline)
    commit = [file for name in ("HEAD", "logs/HEAD") if (file := around / ".git" / name).is_file()]
    return [*below(around, shutil.ignore_patterns(*_TERRAFORM, *_TESTS, *_AROUND)), *commit]


def function_sources(source: Path) -> list[Path]:
    """Return the files of a function's folder that may be part of its image."""
    return below(source, shutil.ignore_patterns(*_AROUND))


def _around(root: Path, pipeline: Path) -> Path:
    """Return the repository around a root module; outside of one, the folder that holds it and the pipeline."""
    for folder in (root, *root.parents):
        if (folder / ".git").exists():
            return folder
    return next(folder for folder in root.parents if folder == pipeline or pipeline.is_relative_to(folder))


def _leads_out(root: Path, source: Path | None) -> bool:
    """Return whether a file of the module has a path that leads out of it, and not into the function's folder."""
    known = [root, *([source] if source and SOURCE_VARIABLE in declared(root) else [])]
    for file in _files(root):
        text = _COMMENT.sub("", file.read_text(encoding="utf-8", errors="replace"))
        # Modules are found from the file, programs are run in the root.
        starts = [file.parent, *([root] if "local-exec" in text else [])]
        ends = [(start / found).resolve() for found in _UP.findall(text) for start in starts]
        if not all(any(end.is_relative_to(each) for each in known) for end in ends):
            return True
    return False


def _files(root: Path) -> Iterator[Path]:
    for file in root.rglob("*.tf"):
        if not {EXAMPLES, ".terraform"}.intersection(file.relative_to(root).parts):
            yield file


def profiles(root: Path) -> set[str]:
    """Return the profiles of AWS's configuration files that a root module names in quotation marks."""
    files = (file for ending in ("*.tf", "*.tf.json") for file in root.glob(ending))
    texts = (file.read_text(encoding="utf-8", errors="replace") for file in files)
    return {name for text in texts for name in _PROFILE.findall(text)}


def makes_image_function(root: Path) -> bool:
    """Return whether a root module always makes its function from an image: no variable decides."""
    if "lambda_package_type" in declared(root):
        return False
    texts = (file.read_text(encoding="utf-8", errors="replace") for file in _files(root))
    return any(re.search(r'^\s*package_type\s*=\s*"Image"', text, re.MULTILINE) for text in texts)


def declared(folder: Path) -> set[str]:
    """Return the names of the variables that a root module declares."""
    texts = (file.read_text(encoding="utf-8", errors="replace") for file in folder.glob("*.tf"))
    found = {name for text in texts for name in re.findall(r'^\s*variable\s+"?([\w-]+)"?', text, re.MULTILINE)}
    return found.union(*(_declared_in_json(file) for file in folder.glob("*.tf.json")))


def _declared_in_json(file: Path) -> set[str]:
    """Return the variables in a file of Terraform's JSON; none if Terraform is going to refuse it."""
    try:
        blocks = json.loads(file.read_text(encoding="utf-8"))["variable"]
    except (KeyError, TypeError, ValueError):
        return set()
    return {name for block in (blocks if isinstance(blocks, list) else [blocks]) for name in block}


def names_ecr(folder: Path) -> bool:
    """Return whether Terraform or a script in a folder names one of ECR's registries on AWS; examples do not count."""
    files = (file for pattern in ("*.tf", "*.sh") for file in folder.rglob(pattern))
    mine = (file for file in files if not {EXAMPLES, TESTS, ".terraform"}.intersection(file.relative_to(folder).parts))
    return any(".dkr.ecr." in file.read_text(encoding="utf-8", errors="replace") for file in mine)
