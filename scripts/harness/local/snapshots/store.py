"""Where snapshots are: one file each in the checkout's `.snapshots`, for this user alone. They hold every secret."""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import psutil

from harness.errors import HarnessError
from harness.paths import SNAPSHOTS, shown

SUFFIX = ".snapshot"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def path(name: str) -> Path:
    """Return the file of a snapshot, which may not exist.

    Raises:
        HarnessError: the name is none for a file in that folder.
    """
    if not NAME.fullmatch(name):
        raise HarnessError(
            f"{name!r} is no name for a snapshot" if name else "the snapshot has no name",
            "use at most 64 letters, digits and any of . _ - inside, for example: make save NAME=monday",
        )
    return SNAPSHOTS / f"{name}{SUFFIX}"


def existing(name: str) -> Path:
    """Return the file of a snapshot that exists and that nobody else can have changed.

    Raises:
        HarnessError: there is none, or it is another user's, or others may write it.
    """
    found = path(name)
    try:
        status = found.stat()
    except FileNotFoundError:
        raise HarnessError(f"there is no snapshot {name}", _others()) from None
    if status.st_uid != os.getuid() or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise HarnessError(
            f"{shown(found)} can be changed by other users, and loading a snapshot runs code that it names",
            f"load only your own; if you trust it: chown and chmod 600 {shown(found)}",
        )
    return found


def names() -> list[str]:
    """Return the names of all snapshots, the newest first."""
    files = sorted(SNAPSHOTS.glob(f"*{SUFFIX}"), key=lambda file: file.stat().st_mtime, reverse=True)
    return [file.name.removesuffix(SUFFIX) for file in files]


def _others() -> str:
    known = names()
    return f"there are: {', '.join(known)}" if known else "save one: make save NAME=…"


@contextmanager
def new(name: str) -> Iterator[IO[bytes]]:
    """Yield a file that becomes the snapshot when the context ends, and disappears if it fails.

    Raises:
        HarnessError: the file cannot be written.
    """
    target = path(name)
    _remove_unfinished()
    draft = SNAPSHOTS / f".{os.getpid()}.unfinished"
    try:
        SNAPSHOTS.mkdir(mode=0o700, exist_ok=True)
        with open(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
    except OSError as error:
        raise HarnessError(
            f"{shown(target)} cannot be written: {error.strerror or error}",
            f"make {shown(SNAPSHOTS)} writable; if the disk is full, remove snapshots: make snapshots DELETE=…",
        ) from None
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)


def _remove_unfinished() -> None:
    """Remove what killed commands have left."""
    for left in SNAPSHOTS.glob(".*.unfinished"):
        pid = left.name.split(".")[1]
        if not (pid.isdigit() and psutil.pid_exists(int(pid))):
            left.unlink(missing_ok=True)
