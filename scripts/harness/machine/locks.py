"""Locks between processes. A lock ends with its process, even with a killed one."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from harness.errors import HarnessError


@contextmanager
def held(path: Path, does: str, next_step: str) -> Iterator[None]:
    """Hold a lock, or fail at once.

    Args:
        path: its file, which has the holder's process id meanwhile. Its folder must exist.
        does: what the holder does, for the message: `is changing this stack`.
        next_step: for those who find it held.

    Raises:
        HarnessError: another process holds it.
    """
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise HarnessError(f"process {_holder(path)} {does}", next_step) from None
    try:
        path.write_text(str(os.getpid()))
        yield
    finally:
        path.unlink(missing_ok=True)  # while holding the lock; a process that waits for it creates a new file
        lock.release()


def other_holder(path: Path) -> int | None:
    """Return the process that holds a lock; None if no other one does. It does not touch the lock."""
    holder = _holder(path)
    if not holder.isdecimal() or int(holder) == os.getpid():
        return None
    return int(holder) if psutil.pid_exists(int(holder)) else None  # a killed process leaves its file


def _holder(path: Path) -> str:
    with contextlib.suppress(OSError):
        return path.read_text().strip() or "?"
    return "?"
