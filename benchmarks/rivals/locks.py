"""Where the rivals' environments and locks lie."""

from __future__ import annotations

import re
from pathlib import Path

from harness import paths

VENVS = paths.CACHE / "rivals"
LOCKS = Path(__file__).parent / "locks"


def locked_version(lock: Path, package: str) -> str:
    """The version of a package in a lock file."""
    found = re.search(rf"^{re.escape(package)}(?:\[.*\])?==([^ ;\\]+)", lock.read_text(), re.MULTILINE)
    assert found, f"{package} is not in {lock}"
    return found[1]
