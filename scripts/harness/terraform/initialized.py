"""Keeps what `terraform init` made for a pipeline's own stack, so that its next stacks need no init.

That is TF_DATA_DIR, which ends with its stack. It is used again for the same configuration, backend, environment and
programs, and only if init would find nothing newer: with a lock file, and no module from elsewhere.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from harness.machine import files
from harness.setup import install

CONFIGURATION = (".tf", ".tf.json", ".hcl")  # not the other JSON, which a provisioner may make
LOCK = ".terraform.lock.hcl"
# Of the environment, what Terraform and the backend read. The folder and the endpoint are every stack's own, and not in
# what init makes.
SETTINGS = ("AWS_", "TF_")
FOLDER = "TF_DATA_DIR"
OWN = (FOLDER, "AWS_ENDPOINT_URL")
PROVIDERS = "providers"  # in it


class Initialized:
    """What `terraform init` made, for one pipeline.

    Args:
        place: folder that outlives stacks.
        copy: the working copy, with everything that init reads.
        root: the root module in it.
        backend: the backend file, if there is one.
        env: Terraform's environment.
    """

    def __init__(self, place: Path, copy: Path, root: Path, backend: Path | None, env: Mapping[str, str]) -> None:
        self._place = place
        self._target = Path(env[FOLDER])
        self._locked = (root / LOCK).is_file()
        read = [file for file in copy.rglob("*") if file.name.endswith(CONFIGURATION) and file.is_file()]
        settings = {key: value for key, value in env.items() if key.startswith(SETTINGS) and key not in OWN}
        content = files.tree_digest([*read, *([backend] if backend else [])], copy)
        parts = [content, str(root.relative_to(copy)), settings, _programs(env)]
        self._key = install.text_digest(json.dumps(parts, sort_keys=True))

    def restore(self) -> bool:
        """Put what was kept in the stack's folder; return whether init is not needed."""
        try:
            if not self._locked or not self._is_kept():
                return False
            files.remove(self._target)
            _copy_tree(self._place / "data", self._target)
            if not self._is_kept():  # another stack was removing it, and the copy may lack a part
                return False
        except OSError:  # nothing kept, or just now replaced
            return False
        # A provider is a link into a mirror or a cache, which may have been cleaned.
        return all(path.exists() for path in self._target.rglob("*") if path.is_symlink())

    def _is_kept(self) -> bool:
        return (self._place / "key").read_text() == self._key

    def keep(self) -> None:
        """Keep what init has made."""
        self.forget()
        if not self._locked or _downloaded(self._target / "modules"):
            return
        _copy_tree(self._target, self._place / "data")
        files.write_whole(self._place / "key", self._key)  # last: it says that the rest is there

    def forget(self) -> None:
        """Remove what is kept: the next stack gets a new init."""
        (self._place / "key").unlink(missing_ok=True)
        files.remove(self._place)


def _copy_tree(source: Path, target: Path) -> None:
    shutil.copytree(source, target, symlinks=True, copy_function=_copy)


def _copy(source: str, target: str) -> None:
    # A provider that is no link has 700 MB, and is never written to.
    if f"/{PROVIDERS}/" in source:
        os.link(source, target)
    else:
        shutil.copy2(source, target)


def _downloaded(modules: Path) -> bool:
    """Return whether init has fetched a module, which may change where it is from; local ones stay where they are."""
    return modules.is_dir() and any(path.is_dir() for path in modules.iterdir())


def _programs(env: Mapping[str, str]) -> list[str]:
    """Return what tells Terraform from its other versions."""
    found = [shutil.which("terraform", path=env.get("PATH"))]
    real = [os.path.realpath(program) for program in found if program]
    return [f"{program} {os.stat(program).st_size} {os.stat(program).st_mtime_ns}" for program in real]
