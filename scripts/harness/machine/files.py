"""Writes files atomically, and removes folders that processes may still write to."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from harness.errors import HarnessError
from harness.paths import shown


def write_whole(path: Path, text: str) -> None:
    """Write a file atomically: a concurrent reader sees either the old content or the new one.

    Args:
        path: the file; a missing folder is created. A link stays a link, and permissions are kept.
        text: its whole content.

    Raises:
        OSError: the file cannot be written.
    """
    real = path.resolve()
    real.parent.mkdir(parents=True, exist_ok=True)
    # A unique name: several processes may write the same file at once.
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


def write_secret(path: Path, text: str) -> None:
    """Write a file that only this user can read, in place of an older one; a missing folder is created."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


def _make_writable(function: Callable[..., object], path: str, _error: BaseException) -> None:
    # The function's code is unpacked into folders without write permission.
    with contextlib.suppress(OSError):
        os.chmod(Path(path).parent, 0o700)
        function(path)


def remove(folder: Path, kept: Sequence[Path] = (), deadline: float = 10.0) -> None:
    """Remove a folder, except the `kept` paths in it.

    Args:
        folder: may also be a file, or missing.
        kept: paths in it that stay, with their parent folders.
        deadline: seconds to wait for processes that are about to end.

    Raises:
        HarnessError: the folder could not be removed.
    """
    if folder in kept:
        return
    if any(path.is_relative_to(folder) and path.exists() for path in kept):
        for child in folder.iterdir():
            remove(child, kept, deadline)
        return
    # A process that is about to end may still write a file.
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


def below(folder: Path, left_out: Callable[[str, list[str]], set[str]]) -> list[Path]:
    """Return the files below a folder.

    Args:
        folder: the folder.
        left_out: says which names of a folder to leave out, as `shutil.ignore_patterns` does.
    """
    found = []
    for parent, folders, names in os.walk(folder):
        ignored = left_out(parent, [*folders, *names])
        folders[:] = [name for name in folders if name not in ignored]
        found += [Path(parent, name) for name in names if name not in ignored]
    return found


def digest_of(data: bytes) -> str:
    """Return the SHA-256 of some bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def tree_digest(paths: Iterable[Path], base: Path | None = None) -> str:
    """Return one hash of the paths and contents of files; a link counts by its target's path.

    Args:
        paths: the files.
        base: folder that their paths are relative to, as far as they are in it; None if they stay where they are.
    """
    whole = hashlib.sha256()
    for path in sorted(paths):
        data = os.readlink(path).encode() if path.is_symlink() else path.read_bytes()
        name = path.relative_to(base) if base and path.is_relative_to(base) else path
        whole.update(f"{name}\0{path.stat(follow_symlinks=False).st_mode & 0o111}\0".encode())
        whole.update(hashlib.sha256(data).digest())
    return whole.hexdigest()
