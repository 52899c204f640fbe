"""The file of a snapshot: a tar whose last entry describes it, with a hash of everything before.

Entries: `emulator.tar`, in containers also `registry.tar` and `mlflow.sqlite3`, `folder/…` with files of the stack's
folder, and `manifest.json`.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from harness.errors import HarnessError
from harness.paths import shown

MANIFEST, FOLDER = "manifest.json", "folder"
EMULATOR, REGISTRY, MLFLOW = "emulator.tar", "registry.tar", "mlflow.sqlite3"
_PIECE = 2**20


@dataclass
class Manifest:
    """What a snapshot says of itself.

    Attributes:
        pipeline: name of the pipeline.
        saved_at: seconds since the epoch.
        versions: of what has to be the same where it is loaded, by name.
        stack: the stack's state (`harness.stack.state.Stack`), by attribute.
        holds: what a list shows of it, in words.
        links: symbolic links in the stack's folder: their targets by path.
        content: hash of everything before the manifest.
    """

    pipeline: str
    saved_at: float
    versions: dict[str, str]
    stack: dict[str, Any]
    holds: str = ""
    links: dict[str, str] = field(default_factory=dict)
    content: str = ""

    @property
    def age(self) -> str:
        """When it was saved, as text in local time."""
        return time.strftime("%Y-%m-%d %H:%M", time.localtime(self.saved_at))


class Writer:
    """Writes a snapshot into a file, entry by entry."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._archive = tarfile.open(fileobj=file, mode="w")  # noqa: SIM115 - `finish` closes it

    def add(self, name: str, size: int, source: Any) -> None:
        """Add an entry of `size` bytes, read from `source`; it must have as many."""
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = size, 0o600
        self._archive.addfile(entry, source)

    def add_tree(self, path: Path, name: str) -> dict[str, str]:
        """Add a file, or a folder with all that is in it; return its symbolic links, which are left out."""
        links: dict[str, str] = {}

        def chosen(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
            if entry.issym():
                links[entry.name] = entry.linkname
            return entry if entry.isreg() or entry.isdir() else None

        if path.exists():
            self._archive.add(path, name, filter=chosen)
        return links

    def finish(self, manifest: Manifest) -> None:
        """Add the manifest, with the hash of what has been written."""
        self._file.flush()
        manifest.content = _hash(self._file, self._archive.offset)
        self._file.seek(self._archive.offset)
        document = asdict(manifest)
        data = json.dumps({**document, "seal": _seal(document)}).encode()
        self.add(MANIFEST, len(data), io.BytesIO(data))
        self._archive.close()


class Reader:
    """Reads a snapshot; `manifest` is what it says of itself, whose content `verify` checks."""

    def __init__(self, path: Path, file: IO[bytes], archive: tarfile.TarFile) -> None:
        self._path, self._file, self._archive = path, file, archive
        entry = archive.getmember(MANIFEST)
        document = json.loads(self._read(entry))
        seal = document.pop("seal")
        if seal != _seal(document):
            raise ValueError("its description was changed")
        self._end = entry.offset
        self.manifest = Manifest(**document)

    def _read(self, entry: tarfile.TarInfo) -> bytes:
        found = self._archive.extractfile(entry)
        return found.read() if found else b""

    def verify(self) -> None:
        """Check that nothing has changed since it was saved.

        Raises:
            HarnessError: something has.
        """
        if _hash(self._file, self._end) != self.manifest.content:
            raise damaged(self._path, "its content was changed")

    def has(self, name: str) -> bool:
        """Return whether it has an entry."""
        return name in self._archive.getnames()

    def entry(self, name: str) -> tuple[IO[bytes], int]:
        """Return an entry's content as a file, and its size in bytes."""
        found = self._archive.extractfile(name)
        assert found is not None  # every entry that is read by name is a file
        return found, self._archive.getmember(name).size

    def unpack(self, folder: Path) -> None:
        """Unpack the files of the stack's folder; none can lead out of it. Links come last, where they were.

        Raises:
            HarnessError: an entry leads out of the folder, or cannot be written.
        """
        prefix = f"{FOLDER}/"
        entries = [each for each in self._archive.getmembers() if each.name.startswith(prefix)]
        try:
            for each in entries:
                each.name = each.name.removeprefix(prefix)
                self._archive.extract(each, folder, filter="data")
        except tarfile.FilterError as error:
            raise damaged(self._path, str(error)) from None
        except OSError as error:
            raise HarnessError(
                f"{shown(folder)} cannot be written: {error.strerror}", "free space, then again"
            ) from None
        for name, target in self.manifest.links.items():
            link = folder / name.removeprefix(prefix)
            if not link.parent.resolve().is_relative_to(folder.resolve()):
                raise damaged(self._path, f"{name} leads out of the folder")
            link.symlink_to(target)  # nothing is written through it: it comes last


@contextmanager
def opened(path: Path) -> Iterator[Reader]:
    """Open a snapshot and read its manifest.

    Raises:
        HarnessError: it is damaged, or cannot be read.
    """
    with ExitStack() as held:
        try:
            file = held.enter_context(path.open("rb"))
            reader = Reader(path, file, held.enter_context(tarfile.open(fileobj=file, mode="r:")))
        except (tarfile.TarError, EOFError, KeyError, ValueError, TypeError) as error:
            raise damaged(path, str(error) or type(error).__name__) from None
        except OSError as error:
            raise HarnessError(f"{shown(path)} cannot be read: {error.strerror}", "make it readable for you") from None
        yield reader


def damaged(path: Path, finding: str) -> HarnessError:
    """Return the error for a snapshot that cannot be used."""
    name = path.stem
    return HarnessError(
        f"the snapshot {name} is damaged: {finding}", f"restore {shown(path)} from a copy, or save it again"
    )


def _hash(file: IO[bytes], end: int) -> str:
    """Return the SHA-256 of a file's first `end` bytes."""
    whole = hashlib.sha256()
    file.seek(0)
    left = end
    while left and (piece := file.read(min(_PIECE, left))):
        whole.update(piece)
        left -= len(piece)
    return whole.hexdigest()


def _seal(document: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()
