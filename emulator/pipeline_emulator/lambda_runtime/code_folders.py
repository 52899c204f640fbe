"""Folders of unpacked function code: their permissions and their removal."""

import contextlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any


def set_writable(folder: Path, *, writable: bool) -> None:
    """Grant or revoke permission to write to `folder` and everything below it. Programs stay executable."""
    for parent, _, files in os.walk(folder):
        for name in files:
            path = Path(parent, name)
            if not path.is_symlink():
                executable = path.stat().st_mode & 0o111
                path.chmod(executable | (0o644 if writable else 0o444))
        Path(parent).chmod(0o755 if writable else 0o555)


def remove(folder: Path) -> None:
    """Remove `folder`, including read-only folders in it. What other users own stays."""

    def make_writable_and_retry(remove_one: Callable[[str], Any], path: str, _error: BaseException) -> None:
        parent = Path(path).parent
        if remove_one in (os.unlink, os.rmdir) and parent.is_relative_to(folder):
            with contextlib.suppress(OSError):
                parent.chmod(0o700)
                remove_one(path)

    shutil.rmtree(folder, onexc=make_writable_and_retry)
