"""The folder that a function under a debugger has at /var/debugger: debugpy, as somebody sent it, and our starter."""

import shutil
import tempfile
from pathlib import Path
from typing import IO

from pipeline_emulator.lambda_runtime import archives, code_folders

MAX_BYTES = 100 * 2**20
_STARTER = Path(__file__).parents[1] / "runtimes" / "client" / "debugger" / "sitecustomize.py"
_PACKAGE = "debugpy"


class NoDebuggerError(Exception):
    """An archive does not contain debugpy."""


def unpack(archive: IO[bytes]) -> Path:
    """Unpack a Zip with the package debugpy, and return the folder; remove it with `remove`.

    Raises:
        RefusedArchiveError: the archive is unusable.
        NoDebuggerError: it does not contain debugpy.
    """
    folder = Path(tempfile.mkdtemp(prefix="debugger-"))
    try:
        archives.extract(archive, folder / "files", MAX_BYTES)
        _check(folder / "files")
        shutil.copy(_STARTER, folder / "files")
    except BaseException:
        remove(folder / "files")
        raise
    folder.chmod(0o755)
    return folder / "files"


def _check(folder: Path) -> None:
    if not (folder / _PACKAGE / "__init__.py").is_file():
        raise NoDebuggerError


def remove(folder: Path) -> None:
    """Remove what `unpack` returned."""
    code_folders.remove(folder.parent)
