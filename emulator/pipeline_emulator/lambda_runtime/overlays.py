"""Folders of code with files of an archive over them."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from pipeline_emulator.lambda_runtime import archives, code_folders

# Packages may have bytecode that is never compared with its source. A file that is no bytecode makes Python read the
# source. (Which Python an image has is not known here.)
_TAGS = [f"cpython-3{minor}" for minor in range(9, 15)]
_BYTECODE = "__pycache__"


def over_folder(code: Path, archive: IO[bytes], limit: int) -> Path:
    """Return a new folder with unpacked code and the files of an archive in place of its own.

    Args:
        code: the unpacked code. Its other files are linked, which takes no time and no space.
        archive: a Zip.
        limit: in bytes, for the archive.

    Returns:
        The folder, alone in a folder of its own.

    Raises:
        RefusedArchiveError: the archive is unusable.
    """
    place = Path(tempfile.mkdtemp(prefix="edition-"))
    place.chmod(0o755)
    try:
        with archives.unpacked(archive, limit) as changed:
            folder = Path(shutil.copytree(code, place / "code", symlinks=True, copy_function=os.link))
            for parent, _, _ in os.walk(folder):
                Path(parent).chmod(0o755)
            _replace(folder, changed)
    except BaseException:
        code_folders.remove(place)
        raise
    return folder


def _replace(folder: Path, changed: Path) -> None:
    for path in _files(changed):
        target = folder / path.relative_to(changed)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        for compiled in (target.parent / _BYTECODE).glob(f"{target.stem}.*.pyc"):
            compiled.unlink()
        shutil.copy2(path, target)


def with_stale_bytecode(folder: Path) -> Iterator[tuple[str, Path | None]]:
    """Yield relative name and path of each file, and the names of bytecode that must not be used any more."""
    for path in _files(folder):
        name = path.relative_to(folder)
        yield name.as_posix(), path
        if name.suffix == ".py":
            for tag in _TAGS:
                yield (name.parent / _BYTECODE / f"{name.stem}.{tag}.pyc").as_posix(), None


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
