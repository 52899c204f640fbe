"""Removes folders that processes may still write to."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from harness.errors import HarnessError
from harness.paths import shown


def _make_writable(function: Callable[..., object], path: str, _error: BaseException) -> None:
    # The function's code is unpacked into folders without write permission.
    with contextlib.suppress(OSError):
        os.chmod(Path(path).parent, 0o700)
        function(path)


def remove(folder: Path, kept: Sequence[Path] = (), deadline: float = 10.0) -> None:
    """Removes a folder but for the `kept` paths in it.

    Args:
        folder: may be a file, or may not be there.
        kept: paths in it that stay, with the folders that lead to them.
        deadline: seconds to wait for processes that are just ending.

    Raises:
        HarnessError: it could not be removed.
    """
    if folder in kept:
        return
    if any(path.is_relative_to(folder) and path.exists() for path in kept):
        for child in folder.iterdir():
            remove(child, kept, deadline)
        return
    # A process that is just ending may still write a last file.
    end = time.monotonic() + deadline
    while os.path.lexists(folder):
        if folder.is_dir() and not folder.is_symlink():
            shutil.rmtree(folder, onexc=_make_writable)
        else:
            folder.unlink()
        if os.path.lexists(folder) and time.monotonic() > end:
            raise HarnessError(
                f"{shown(folder)} could not be removed", "check who owns the files in it, then try again"
            )
