"""Finds and parses the project's lock files."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from harness import paths

_CONTINUED = re.compile(r"\\\n\s*")


def requirements(root: Path = paths.ROOT) -> list[Path]:
    """Return every requirements lock that git tracks: text files with pinned lines, except test fixtures."""
    pinned = re.compile(r"^[A-Za-z][^\s=]*==", re.MULTILINE)
    found = [file for file in _tracked(root, "*.txt") if "fixtures" not in file.parts]
    return [file for file in found if pinned.search(file.read_text())]


def lines(lock: Path) -> list[tuple[Requirement, list[str]]]:
    """Return each requirement of a lock with its hashes (`algorithm:hexadecimal`).

    Raises:
        packaging.requirements.InvalidRequirement: a line is something else, such as an index URL or a file.
    """
    found = []
    for line in _CONTINUED.sub(" ", lock.read_text()).splitlines():
        if text := line.partition(" #")[0].strip():
            if text.startswith("#"):
                continue
            requirement, *options = text.split(" --hash=")
            found.append((Requirement(requirement), [option.strip() for option in options]))
    return found


def pins(lock: Path) -> dict[str, str]:
    """Return name and version of everything that a lock installs on this machine; names are normalized as on PyPI."""
    return {
        canonicalize_name(wanted.name): str(wanted.specifier).removeprefix("==")
        for wanted, _ in lines(lock)
        if wanted.marker is None or wanted.marker.evaluate()
    }


def _tracked(root: Path, pattern: str) -> list[Path]:
    command = ["git", "-C", str(root), "ls-files", "-z", "--", pattern]
    listed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout
    return [root / name for name in listed.split("\0") if name]
