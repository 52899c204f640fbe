"""Files that are written whole, and folders removed that processes may still write to."""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from harness.errors import HarnessError
from harness.paths import shown


def write_whole(path: Path, text: str) -> None:
    """Writes a file whole or not at all: whoever reads it meanwhile sees the former content or the new one.

    Args:
        path: the file; its folder is made where it is missing. A link stays one, and the rights stay as they are.
        text: its whole content.

    Raises:
        OSError: it cannot be written.
    """
    real = path.resolve()
    real.parent.mkdir(parents=True, exist_ok=True)
    # A name of its own: several processes may write the same file at once.
    draft = real.with_name(f".{real.name}.{os.getpid()}-{threading.get_ident()}")
    try:
        with draft.open("wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        if real.exists():
            shutil.copymode(real, draft)
        draft.replace(real)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


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
