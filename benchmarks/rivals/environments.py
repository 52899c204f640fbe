"""Locations of the rivals' environments and lock files, and the plugins that some of them get."""

from __future__ import annotations

import re
from pathlib import Path

from harness import paths

VENVS = paths.CACHE / "rivals"
PACKAGE = "pipeline_emulator"
LOCKS = Path(__file__).parent / "locks"
BRIDGES = Path(__file__).parent / "bridges"


def locked_version(lock: Path, package: str) -> str:
    """The version of a package in a lock file."""
    found = re.search(rf"^{re.escape(package)}(?:\[.*\])?==([^ ;\\]+)", lock.read_text(), re.MULTILINE)
    assert found, f"{package} is not in {lock}"
    return found[1]


def write_plugins(folder: Path, entry_points: str) -> None:
    """Makes a folder for Python's path that names plugins, and no others of ours, and holds our package's code."""
    info = folder / f"{PACKAGE}-0.dist-info"
    info.mkdir(parents=True, exist_ok=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {PACKAGE}\nVersion: 0\n")
    (info / "entry_points.txt").write_text(entry_points)
    package = folder / PACKAGE
    package.unlink(missing_ok=True)
    package.symlink_to(paths.EMULATOR / PACKAGE)
