"""The logs of a stack that ends with the command: after a failure they are kept, because the message names one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.errors import HarnessError
from harness.machine import files
from harness.paths import CACHE, STACKS, shown


@contextmanager
def after_failure(name: str) -> Iterator[None]:
    """Copy a stack's logs if a block fails, and let the error name the copy. Take the stack down outside the block.

    Args:
        name: the stack's name, which ends in a process id; the copy's has none, so it replaces the one before.
    """
    try:
        yield
    except HarnessError as error:
        logs, kept = STACKS / name / "logs", CACHE / "logs" / name.rpartition("-")[0]
        if logs.is_dir():
            files.remove(kept)
            shutil.copytree(logs, kept)
            error.next_step = _renamed(error.next_step, logs, kept)
            error.cause = _renamed(error.cause, logs, kept)
        raise


def _renamed(text: str, logs: Path, kept: Path) -> str:
    return text.replace(str(logs), str(kept)).replace(shown(logs), shown(kept))
