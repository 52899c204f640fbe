"""The file: an uncompressed tar of a folder, with the versions in `manifest.json`."""

import json
import tarfile
from pathlib import Path
from typing import IO, Any

from pipeline_emulator.snapshots.errors import SnapshotError

MANIFEST = "manifest.json"
_DAMAGED = "use another copy of the snapshot, or save a new one"


def pack(folder: Path, manifest: dict[str, Any], file: IO[bytes]) -> None:
    """Write a folder and its manifest, which comes first, into a file."""
    (folder / MANIFEST).write_text(json.dumps(manifest))
    with tarfile.open(fileobj=file, mode="w|") as archive:
        archive.add(folder / MANIFEST, MANIFEST)
        for entry in sorted(folder.iterdir()):
            if entry.name != MANIFEST:
                archive.add(entry, entry.name)


def unpack(file: IO[bytes], folder: Path) -> dict[str, Any]:
    """Unpack a file into a folder and return its manifest. No entry can lead out of the folder.

    Raises:
        SnapshotError: it is damaged, or not a snapshot.
    """
    try:
        with tarfile.open(fileobj=file, mode="r|") as archive:
            archive.extractall(folder, filter="data")
        return {"versions": dict(json.loads((folder / MANIFEST).read_text())["versions"])}
    except FileNotFoundError as error:
        raise SnapshotError("the snapshot is damaged: it has no manifest", _DAMAGED, 400) from error
    except (tarfile.TarError, EOFError, ValueError, KeyError, TypeError) as error:
        raise SnapshotError(f"the snapshot is damaged: {error}", _DAMAGED, 400) from error
