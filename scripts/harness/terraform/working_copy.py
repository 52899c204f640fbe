"""Copies of root modules, so that nothing that tflocal or the harness adds can reach a real deployment."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from harness.errors import HarnessError
from harness.machine.files import below, remove
from harness.paths import INFRASTRUCTURE, shown
from harness.terraform import relative_paths, synced
from harness.terraform.relative_paths import CONFIGURATION, EXAMPLES, TESTS
from harness.terraform.synced import LeftOut, Synced

ADDED = "~harness_"  # files that the harness adds to a copy; the last override wins, and "~" comes after all letters
TFLOCAL = "localstack_providers_override.tf"  # tflocal leaves it if it is killed, and refuses to run where one is
# https://developer.hashicorp.com/terraform/language/files/override
OVERRIDES = ("override.tf", "override.tf.json", "*_override.tf", "*_override.tf.json")
# Local leftovers such as state files and what checks in Python leave, and what is large or about other runs.
_TERRAFORM = (".terraform", "*.tfstate*", "__pycache__", TFLOCAL, f"{ADDED}*")
_TESTS = ("*.tftest.hcl", "*.tftest.json")  # `terraform init` would load the modules that they call
# By the names of tools: a module of the user's may be called model_cache.
_LARGE = (
    *(".git", "__pycache__", ".venv", "venv", ".tox", ".nox", ".cache", ".local", ".snapshots"),
    *(".mypy_cache", ".pytest_cache", ".ruff_cache", ".import_linter_cache", ".hypothesis", ".terragrunt-cache"),
)
_AROUND = (*_LARGE, "node_modules")
# What is in the copied root module for one run alone: versions that `terraform init` chose without the user's file, and
# files that the harness or tflocal adds.
_ANEW = (".terraform.lock.hcl", f"{ADDED}*", TFLOCAL)
_PROFILE = re.compile(r'(?<!\w)"?profile"?\s*[=:]\s*"([^"$\]]+)"')  # in Terraform's own syntax, and in its JSON
_IMAGE = re.compile(r'^\s*package_type\s*=\s*"Image"|"package_type"\s*:\s*"Image"', re.MULTILINE)
SOURCE_VARIABLE = "lambda_function_local_path"
ZIP_VARIABLE = "lambda_zip_path"
DOCKERFILE_VARIABLE = "docker_image_local_path"
# For a function that the harness knows, these get absolute paths, or are not used.
_REPLACED = (SOURCE_VARIABLE, ZIP_VARIABLE, DOCKERFILE_VARIABLE)


def working_copy(target: Path, source: Path = INFRASTRUCTURE, left_out: Sequence[str] = ()) -> Path:
    """Copy a root module's folder alone, without local leftovers and overrides.

    Args:
        target: where the copy is made.
        source: the root module.
        left_out: patterns of further names to leave out.
    """
    shutil.copytree(
        source, target, ignore=shutil.ignore_patterns(*_TERRAFORM, *OVERRIDES, *left_out), dirs_exist_ok=True
    )
    return target


def with_surroundings(
    root: Path, pipeline: Path, target: Path, source: Path | None = None, var_file: Path | None = None
) -> Path:
    """Copy a root module anew, with what its relative paths lead to, for a real deployment: without overrides.

    Args:
        root: the root module.
        pipeline: the pipeline's folder.
        target: where the copy is made; replaced.
        source: folder of the function, if the module gets it as a variable: paths to it need no copy.
        var_file: with Terraform's variables, whose paths are relative to the root module.

    Returns:
        The copied root module.

    Raises:
        HarnessError: a file cannot be read.
    """
    remove(target)
    with TemporaryDirectory() as scratch:
        return updated(root, pipeline, target, Path(scratch) / "record", source, var_file, OVERRIDES)


def updated(
    root: Path,
    pipeline: Path,
    target: Path,
    record: Path,
    source: Path | None = None,
    var_file: Path | None = None,
    more: Sequence[str] = (),
) -> Path:
    """Bring a root module's copy up to date, and keep what Terraform and its provisioners made there.

    Args:
        root: as for `with_surroundings`.
        pipeline: as for `with_surroundings`.
        target: where the copy is, or is made. Without its record it is replaced.
        record: file with what was copied last.
        source: as for `with_surroundings`.
        var_file: as for `with_surroundings`.
        more: patterns of further names to leave out. The user's own overrides are copied: Terraform reads them.

    Returns:
        The copied root module.

    Raises:
        HarnessError: a file cannot be read.
    """
    try:
        around, left_out, leads_out = _chosen(root, pipeline, source, var_file, more)
        copied = Synced(target, record).update(around, root, left_out, links=leads_out, anew=_ANEW)
    except OSError as error:
        raise HarnessError(f"{shown(root)} cannot be copied: {error}", "make everything in it readable") from None
    git = target / ".git"
    if git.is_symlink():
        git.unlink()
    if leads_out and (around / ".git").exists():  # `git rev-parse HEAD` in a provisioner works
        git.symlink_to(around / ".git")
    return copied


def sources(root: Path, pipeline: Path, source: Path | None = None, var_file: Path | None = None) -> list[Path]:
    """Return the files that `updated` copies, and those that name the current commit. Takes its arguments."""
    around, left_out, leads_out = _chosen(root, pipeline, source, var_file)
    commit = [file for name in ("HEAD", "logs/HEAD") if leads_out and (file := around / ".git" / name).is_file()]
    return [*synced.files(around, left_out), *commit]


def _chosen(
    root: Path, pipeline: Path, source: Path | None, var_file: Path | None, more: Sequence[str] = ()
) -> tuple[Path, LeftOut, bool]:
    """Return the folder to copy, what to leave out of it, and whether a path leads out of the root module."""
    ends = relative_paths.ends(root, var_file, _REPLACED if source else ())
    known = [root, *([source] if source and SOURCE_VARIABLE in declared(root) else [])]
    if all(any(end.is_relative_to(each) for each in known) for end in ends):
        return root, shutil.ignore_patterns(*_TERRAFORM, *_TESTS, *more), False
    # A path to a folder around the root module says little about what is read there.
    wanted = [root, *(end for end in ends if not root.is_relative_to(end))]
    around = _around(root, pipeline, wanted)
    # Around a pipeline that is in no repository lie its user's other folders.
    alone = not (around / ".git").exists() and len(wanted) == len(ends) + 1
    return around, _outside(around, wanted, more, pipeline if alone else around), True


def _outside(around: Path, wanted: Sequence[Path], more: Sequence[str], inside: Path) -> LeftOut:
    """Return what to leave out of the surroundings: large folders, unless they are below `wanted`, or on the way there.

    Args:
        around: the folder to copy.
        wanted: of which everything is copied. Functions are zipped with all that lies beside them.
        inside: outside of this folder, only what is wanted is copied.
        more: patterns of names to leave out everywhere.
    """
    never = shutil.ignore_patterns(*_TERRAFORM, *_TESTS, *more, ".git")
    elsewhere = shutil.ignore_patterns(*_AROUND)

    def left_out(parent: str, names: list[str]) -> set[str]:
        folder, ignored = Path(parent), set(never(parent, names))
        if any(folder.is_relative_to(each) for each in wanted):
            return ignored
        only_the_way = not folder.is_relative_to(inside) or elsewhere(parent, list(folder.relative_to(around).parts))
        for name in names if only_the_way else elsewhere(parent, names):
            if not any(each.is_relative_to(folder / name) for each in (*wanted, inside)):
                ignored.add(name)
        return ignored

    return left_out


def function_sources(source: Path) -> list[Path]:
    """Return the files of a function's folder that may be part of its image."""
    return below(source, shutil.ignore_patterns(*_LARGE))


def _around(root: Path, pipeline: Path, wanted: Sequence[Path]) -> Path:
    """Return the repository around a root module; outside of one, what holds it, the pipeline and `wanted`."""
    for folder in (root, *root.parents):
        if (folder / ".git").exists():
            return folder
    held = [pipeline, *(path for path in wanted if path.exists() and path != root)]
    return next(folder for folder in root.parents if all(path.is_relative_to(folder) for path in held))


def profiles(root: Path) -> set[str]:
    """Return the profiles of AWS's configuration files that a root module names in quotation marks."""
    files = (file for ending in CONFIGURATION for file in root.glob(ending))
    texts = (file.read_text(encoding="utf-8", errors="replace") for file in files)
    return {name for text in texts for name in _PROFILE.findall(text)}


def makes_image_function(root: Path) -> bool:
    """Return whether a root module always makes its function from an image: no variable decides."""
    if "lambda_package_type" in declared(root):
        return False
    texts = (file.read_text(encoding="utf-8", errors="replace") for file in relative_paths.files(root))
    return any(_IMAGE.search(text) for text in texts)


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
    files = (file for pattern in (*CONFIGURATION, "*.sh") for file in folder.rglob(pattern))
    mine = (file for file in files if not {EXAMPLES, TESTS, ".terraform"}.intersection(file.relative_to(folder).parts))
    return any(".dkr.ecr." in file.read_text(encoding="utf-8", errors="replace") for file in mine)
