"""The copy of a root module that Terraform runs in for tests: nothing appears in the user's folders."""

import re
import shutil
from pathlib import Path

from pipeline_emulator.launcher.errors import EmulatorError

# Not copied: large, or about other runs. Terraform's own files come anew from `terraform init`.
_LEFT_OUT = shutil.ignore_patterns(
    *(".git", ".terraform", "terraform.tfstate*", ".terraform.tfstate*", "__pycache__"),
    *(".venv", "venv", ".tox", ".nox", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".cache", ".local"),
)
_PACKAGES = "node_modules"  # large, and not copied unless the module leads there
_UPWARDS = re.compile(r"(?:\.\./)+")
_PATH = re.compile(r"(?:\.\./)+[\w./-]+")
# The address of LocalStack's own instructions, which people have in their providers' `endpoints`:
# https://docs.localstack.cloud/aws/integrations/infrastructure-as-code/terraform/
_USUAL = re.compile(r"https?://(?:localhost|127\.0\.0\.1|(?:[\w-]+\.)?localhost\.localstack\.cloud):4566\b")
_CONFIGURATION = ("*.tf", "*.tf.json", "*.tfvars", "*.tfvars.json")
_OVERRIDE = """\
# Written for tests: the state stays in this folder, whatever backend the module has.
terraform {
  backend "local" {}
}
"""


def copy(root: Path, target: Path, scratch: Path) -> Path:
    """Copy a root module with the repository around it, or, outside of one, with what its relative paths lead to.

    Args:
        root: the module's folder.
        target: where the copy is made.
        scratch: pytest's temporary folder; not copied if it is in the repository.

    Returns:
        The copied root module.

    Raises:
        EmulatorError: the folder has no Terraform files.
    """
    if not any((*root.glob("*.tf"), *root.glob("*.tf.json"))):
        raise EmulatorError(f"{root} has no .tf files", "name the folder of a root module, from pytest's root folder")
    around = next((each for each in (root, *root.parents) if (each / ".git").exists()), None) or _reached_from(root)
    wanted = [root, *_named_in(root)]

    def left_out(folder: str, names: list[str]) -> set[str]:
        found = _LEFT_OUT(folder, names) | ({scratch.name} if Path(folder) == scratch.parent else set())
        reached = any(Path(folder, _PACKAGES).is_relative_to(each) for each in wanted)
        return found if reached else found | {_PACKAGES}

    try:
        shutil.copytree(around, target, symlinks=True, ignore=left_out)
    except shutil.Error as error:
        first = error.args[0][0]
        cause = f"{around} cannot be copied: {first[0]}: {first[2]}"
        raise EmulatorError(cause, "can the tests read everything in it?") from None
    if (around / ".git").exists():  # `git rev-parse HEAD` in a provisioner works
        (target / ".git").symlink_to(around / ".git")
    copied = target / root.relative_to(around)
    (copied / "zz_pipeline_emulator_override.tf").write_text(_OVERRIDE)
    return copied


def redirect(copied: Path, endpoint_url: str) -> None:
    """Write the emulator's address in place of LocalStack's usual one to the configuration in a copy."""
    for file in (found for pattern in _CONFIGURATION for found in copied.rglob(pattern)):
        if file.resolve().is_relative_to(copied.resolve()) and _USUAL.search(text := file.read_text(errors="replace")):
            file.write_text(_USUAL.sub(lambda _: endpoint_url, text))


def _reached_from(root: Path) -> Path:
    """Return the smallest folder that has a root module and what relative paths in its files lead to.

    The folder above it may be the user's home.
    """
    found = root
    for file in _files(root):
        for upwards in _UPWARDS.findall(file.read_text(errors="replace")):
            reached = file.parent.joinpath(upwards).resolve()
            if reached in found.parents:
                found = reached
    return found


def _files(root: Path) -> list[Path]:
    return [*root.rglob("*.tf"), *root.rglob("*.tf.json")]


def _named_in(root: Path) -> list[Path]:
    """Return the folders beside a root module that its files name, such as that of a function's code."""
    found = set()
    for file in _files(root):
        for path in _PATH.findall(file.read_text(errors="replace")):
            named = file.parent.joinpath(path).resolve()
            found.add(named if named.is_dir() else named.parent)
    return [folder for folder in found if not root.is_relative_to(folder)]
