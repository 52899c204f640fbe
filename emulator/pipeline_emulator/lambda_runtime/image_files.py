"""Images made from another image and files: no builder, two requests to the engine."""

import contextlib
import io
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from docker.errors import DockerException

from pipeline_emulator.lambda_runtime import engine, overlays

_IN_MEMORY = 2**20  # bytes of a tar; a larger one is in a file


def with_changes(base: str, folder: str, changed: Path) -> str:
    """Return the id of a new image: another one, with changed files in place of its own.

    Args:
        base: the other image.
        folder: where they are in the image.
        changed: a folder with the files. Bytecode of their former versions is made unusable.

    Raises:
        RuntimeError: the engine failed.
    """
    with _tar() as target:
        with tarfile.open(fileobj=target, mode="w") as packed:
            for name, path in overlays.with_stale_bytecode(changed):
                _add(packed, name, path)
        return _with_files(base, folder, target)


def with_folders(base: str, folders: Mapping[str, Path]) -> str:
    """Return the id of a new image: another one, with folders of this machine in it, which belong to root.

    Args:
        base: the other image.
        folders: by their paths in the image.

    Raises:
        RuntimeError: the engine failed.
    """
    with _tar() as target:
        with tarfile.open(fileobj=target, mode="w") as packed:
            for path, source in folders.items():
                packed.add(source, path.lstrip("/"), filter=_of_root)
        return _with_files(base, "/", target)


def remove(image_id: str) -> None:
    """Remove an image, if no container uses it."""
    with contextlib.suppress(DockerException):
        engine.client().remove_image(image_id)


def _tar() -> IO[bytes]:
    return tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)


def _of_root(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry


def _with_files(base: str, folder: str, tar: IO[bytes]) -> str:
    tar.seek(0)
    client = engine.client()
    try:
        container = client.create_container(base, labels=engine.labels())
        try:
            client.put_archive(container, folder, tar)
            return str(client.commit(container)["Id"])
        finally:
            client.remove_container(container, force=True)
    except DockerException as error:
        raise RuntimeError(f"the files could not be put in the image: {error}") from error


def _add(packed: tarfile.TarFile, name: str, path: Path | None) -> None:
    info, data = tarfile.TarInfo(name), path.read_bytes() if path else b""
    info.size, info.mode = len(data), 0o644 | (path.stat().st_mode & 0o111 if path else 0)
    packed.addfile(info, io.BytesIO(data))
