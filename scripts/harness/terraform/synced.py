"""Brings a copy of files up to date without touching what Terraform and its provisioners made in it.

The state may say that a provisioner has run, so what it made must outlive the next copy. A record beside the copy has
the files that were copied last: only these are overwritten, if their source has changed, and removed.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from harness.machine.files import remove, write_whole

type LeftOut = Callable[[str, list[str]], set[str]]
_FOLDER, _LINK = "folder", "link"


class Synced:
    """A copy of files, and its record.

    Args:
        target: the copy's folder.
        record: file with what was copied last. It is not in the copy, so that nothing there can change it.
    """

    def __init__(self, target: Path, record: Path) -> None:
        self._target = target
        self._record = record

    def update(self, source: Path, root: Path, left_out: LeftOut, *, links: bool, anew: Sequence[str] = ()) -> Path:
        """Make the copy as its source is; return the copied root module.

        Args:
            source: the folder to copy.
            root: the root module in it.
            left_out: says which names of a folder to leave out, as `shutil.ignore_patterns` does.
            links: copy symbolic links as links, not what they lead to.
            anew: patterns of names in the root module that are restored even if their source is the same, or removed.

        Raises:
            OSError: a file cannot be read or written.
        """
        inside, former = str(root.relative_to(source)), self._last()
        for path in (path for pattern in anew if former for path in (self._target / former[0]).glob(pattern)):
            remove(path)
        if former and former[0] == inside:
            entries = self._bring(former[1], source, left_out, links=links)
        else:
            aside = self._target.with_name(f"{self._target.name}-former")
            remove(aside)
            if former:
                self._target.rename(aside)
            remove(self._target)
            entries = self._bring({}, source, left_out, links=links)
            if former:
                _move(aside, former, self._target, inside)
            remove(aside)
        write_whole(self._record, json.dumps([inside, entries]))
        return self._target / inside

    def _last(self) -> tuple[str, dict[str, str]] | None:
        """Return where the root module was in the last copy, and the copied files; None if there is none."""
        try:
            root, entries = json.loads(self._record.read_text())
        except (OSError, ValueError):
            return None
        return (root, entries) if self._target.is_dir() else None

    def _bring(self, before: dict[str, str], source: Path, left_out: LeftOut, *, links: bool) -> dict[str, str]:
        wanted = dict(_entries(source, left_out, links=links))
        for name in sorted(before.keys() - wanted.keys(), reverse=True):  # what is in a folder comes before it
            self._drop(name, before[name])
        self._target.mkdir(parents=True, exist_ok=True)
        for name, now in wanted.items():
            place = self._target / name
            if now.startswith(_FOLDER):
                _make_folder(place, int(now.split()[1]))
            elif before.get(name) != now or not os.path.lexists(place):
                remove(place)  # it may be a folder, a link, or not writable
                shutil.copy2(source / name, place, follow_symlinks=not links)
        return wanted

    def _drop(self, name: str, copied: str) -> None:
        """Remove what has vanished from the source, unless a provisioner has made it anew."""
        place = self._target / name
        if place.parent.resolve() != (self._target.resolve() / name).parent or not os.path.lexists(place):
            return  # a provisioner has put a link there: what it leads to is not the copy's
        if copied.startswith(_FOLDER):
            if place.is_dir() and not place.is_symlink() and not any(place.iterdir()):
                place.rmdir()
        elif _same(_entry(place, links=True), copied):
            place.unlink()


def files(source: Path, left_out: LeftOut) -> list[Path]:
    """Return the files that are copied, with links as links."""
    return [source / name for name, kind in _entries(source, left_out, links=True) if not kind.startswith(_FOLDER)]


def _entries(source: Path, left_out: LeftOut, *, links: bool) -> Iterator[tuple[str, str]]:
    """Yield each path below a folder, and what tells a change of it; folders before what is in them."""

    def fail(error: OSError) -> None:
        raise error

    for parent, folders, names in os.walk(source, onerror=fail, followlinks=not links):
        ignored = left_out(parent, [*folders, *names])
        folders[:] = sorted(name for name in folders if name not in ignored)
        for name in [*folders, *sorted(name for name in names if name not in ignored)]:
            path = Path(parent, name)
            if entry := _entry(path, links=links):
                yield str(path.relative_to(source)), entry


def _entry(path: Path, *, links: bool) -> str | None:
    """Return what tells a change; None for what is no file, folder or link, such as a socket."""
    if links and path.is_symlink():
        return f"{_LINK} {os.readlink(path)}"
    status = path.stat()
    if stat.S_ISDIR(status.st_mode):
        return f"{_FOLDER} {stat.S_IMODE(status.st_mode)}"
    if not stat.S_ISREG(status.st_mode):
        return None
    return f"{stat.S_IMODE(status.st_mode)} {status.st_size} {status.st_mtime_ns}"


def _same(found: str | None, copied: str) -> bool:
    """Return whether a copy is as it was made. A snapshot that was loaded has its times in seconds, and other modes."""
    if found is None or found.startswith((_LINK, _FOLDER)) or copied.startswith(_LINK):
        return found == copied
    (_, size, time), (_, was, then) = found.split(), copied.split()
    return size == was and abs(int(time) - int(then)) < 10**9


def _make_folder(place: Path, mode: int) -> None:
    if place.is_symlink() or not place.is_dir():
        remove(place)
        place.mkdir()
    if stat.S_IMODE(place.stat().st_mode) != mode | stat.S_IRWXU:
        place.chmod(mode | stat.S_IRWXU)  # files have to be put there


def _move(aside: Path, former: tuple[str, dict[str, str]], target: Path, root: str) -> None:
    """Move what was made in a former copy to where it is now, as seen from the root module."""
    for parent, folders, names in os.walk(aside):
        for name in [*names, *(name for name in folders if Path(parent, name).is_symlink())]:
            made = Path(parent, name)
            seen = os.path.relpath(made, aside / former[0])
            place = Path(os.path.normpath(target / root / seen))
            taken = os.path.lexists(place) or not place.is_relative_to(target)
            if str(made.relative_to(aside)) not in former[1] and not taken:
                place.parent.mkdir(parents=True, exist_ok=True)
                made.rename(place)
