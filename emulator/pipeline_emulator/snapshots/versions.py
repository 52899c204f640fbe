"""What a snapshot must have in common with the emulator that loads it: it holds Python objects as in memory."""

import functools
import hashlib
import importlib.metadata
import platform
from collections.abc import Mapping
from pathlib import Path

from pipeline_emulator.snapshots.errors import SnapshotError

FORMAT = 1
_DISTRIBUTIONS = ("localstack-core", "moto-ext", "dill")


def own() -> dict[str, str]:
    """Return this emulator's versions, by name."""
    return {
        "snapshot format": str(FORMAT),
        **{name: importlib.metadata.version(name) for name in _DISTRIBUTIONS},
        "pipeline-emulator": f"{importlib.metadata.version('pipeline-emulator')} ({_code()})",
        "Python": ".".join(platform.python_version_tuple()[:2]),
    }


def check(found: Mapping[str, str]) -> None:
    """Check the versions of a snapshot.

    Raises:
        SnapshotError: they differ from this emulator's.
    """
    here = own()
    different = [
        f"{name} {found.get(name, 'unknown')}, here {here.get(name, 'unknown')}"
        for name in sorted(here.keys() | found.keys())
        if found.get(name) != here.get(name)
    ]
    if different:
        raise SnapshotError(
            f"the snapshot is from another version: {'; '.join(different)}", "use that version, or save a new snapshot"
        )


@functools.cache
def _code() -> str:
    """Return a hash of this package's code: its version alone does not change with it."""
    whole, root = hashlib.sha256(), Path(__file__).parents[1]
    for file in sorted(root.rglob("*.py")):
        whole.update(f"{file.relative_to(root)}\0".encode() + file.read_bytes())
    return whole.hexdigest()[:12]
