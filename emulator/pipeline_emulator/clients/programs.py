"""Finds and runs the user's program of a name behind ours in the PATH."""

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn


def find(name: str, ours: Path) -> str | None:
    """Return the path of the user's program; None if there is none.

    Args:
        name: of the program.
        ours: the folder in the PATH with our program of that name.
    """
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    # Of other emulators, too: two of ours would call each other for ever.
    others = [each for each in folders if Path(each) != ours and not is_ours(Path(each))]
    return shutil.which(name, path=os.pathsep.join(others))


MARKER = ".pipeline-emulator"


def is_ours(folder: Path) -> bool:
    """Return whether a folder has programs of an emulator."""
    return (folder / MARKER).is_file()


def replace_process(program: str, arguments: Sequence[str]) -> NoReturn:
    """Become another program."""
    try:
        os.execv(program, [program, *arguments])  # noqa: S606 - a shell would read the arguments
    except OSError as error:
        fail(f"{program} cannot be run: {error.strerror}", "correct the PATH", 126)


def fail(cause: str, next_step: str, status: int) -> NoReturn:
    """End with an error."""
    print(f"error: {cause}\nnext:  {next_step}", file=sys.stderr)
    sys.exit(status)
