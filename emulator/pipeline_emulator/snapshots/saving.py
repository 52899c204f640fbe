"""Saves the state of the emulator, and loads it into one that is empty."""

import errno
import logging
from pathlib import Path
from typing import IO

from localstack.services.lambda_.invocation.models import lambda_stores

from pipeline_emulator.pause import PAUSE, StillBusyError
from pipeline_emulator.services import provider
from pipeline_emulator.snapshots import archive, hooks, objects, services, versions
from pipeline_emulator.snapshots.errors import SnapshotError

LOG = logging.getLogger(__name__)
# A batch may take as long as its function's timeout.
BATCH_SECONDS = 60.0
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def save(folder: Path, file: IO[bytes]) -> None:
    """Write a snapshot. Clients wait meanwhile; everything goes on afterwards.

    Args:
        folder: an empty folder to collect it in.
        file: where it goes.

    Raises:
        SnapshotError: a batch or request takes too long, a service's state cannot be saved, or the disk is full.
    """
    try:
        hooks.before_save()
        with PAUSE.everything(BATCH_SECONDS):
            services.save(folder)
            objects.save(folder)
            hooks.save(folder)
        services.check(folder)
        archive.pack(folder, {"versions": versions.own()}, file)
    except StillBusyError as error:
        raise SnapshotError(
            f"not finished within {BATCH_SECONDS:.0f} s, and a snapshot holds whole ones only: {error}",
            "save again when the function has ended, or stop sending events",
            503,
        ) from error
    except OSError as error:
        raise _unwritable(error) from error


def load(file: IO[bytes], folder: Path) -> None:
    """Load a snapshot into this emulator, which must be empty.

    Args:
        file: from `save`.
        folder: an empty folder to unpack it in.

    Raises:
        SnapshotError: it is damaged or from another version, or the emulator is not empty.
    """
    try:
        manifest = archive.unpack(file, folder)
        versions.check(manifest["versions"])
        _require_empty()
        with PAUSE.clients(BATCH_SECONDS):
            loaded = services.load(folder)
            objects.load(folder)
            hooks.load(folder)
            failed = services.take_up(loaded)
    except OSError as error:
        raise _unwritable(error) from error
    if failed:
        raise SnapshotError(f"not everything could be started again: {'; '.join(failed)}", "read the log", 500)
    LOG.info("A snapshot was loaded: %s", ", ".join(loaded))


def _require_empty() -> None:
    holding = {
        "functions": any(store.functions for _, _, store in lambda_stores.iter_stores()),
        "objects in buckets": objects.exist(),
        "streams": bool(provider("kinesis").streams.every()),
    }
    if found := [name for name, present in holding.items() if present]:
        raise SnapshotError(
            f"this emulator has {' and '.join(found)} already", "load the snapshot into one that was just started"
        )


def _unwritable(error: OSError) -> SnapshotError:
    if error.errno in _FULL:
        return SnapshotError(f"{error.filename or 'the disk'}: {error.strerror}", "free space, then try again", 507)
    return SnapshotError(f"{error.filename}: {error.strerror}", "make the data folder writable", 500)
