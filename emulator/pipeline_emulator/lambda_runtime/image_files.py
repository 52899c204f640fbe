"""Images with changed files over those of a deployed image."""

import contextlib
import io
import tarfile
from pathlib import Path
from typing import IO

from docker.errors import DockerException
from localstack.services.lambda_.invocation.lambda_models import FunctionVersion

from pipeline_emulator.lambda_runtime import archives, engine, image, overlays


def make(version: FunctionVersion, archive: IO[bytes], limit: int) -> str:
    """Return the id of a new image: the deployed one, with the files of a Zip in its working directory.

    Raises:
        RefusedArchiveError: the archive is unusable.
        RuntimeError: the engine failed.
    """
    described = image.pull(version)
    tar = io.BytesIO()
    with archives.unpacked(archive, limit) as files, tarfile.open(fileobj=tar, mode="w") as packed:
        for name, path in overlays.with_stale_bytecode(files):
            _add(packed, name, path)
    return _with_files(described["Id"], image.folder_of(described, version), tar.getvalue())


def with_folder(base: str, source: Path, target: str) -> str:
    """Return the id of a new image: another one, with a folder of this machine in it.

    Args:
        base: the other image.
        source: the folder.
        target: its path in the image, which must not exist there.

    Raises:
        RuntimeError: the engine failed.
    """
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as packed:
        packed.add(source, target.lstrip("/"), filter=_of_root)
    return _with_files(base, "/", tar.getvalue())


def _of_root(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry


def _with_files(base: str, folder: str, tar: bytes) -> str:
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


def remove(image_id: str) -> None:
    """Remove an image, if no container uses it."""
    with contextlib.suppress(DockerException):
        engine.client().remove_image(image_id)
