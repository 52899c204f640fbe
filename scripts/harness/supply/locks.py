"""The project's lock files: which there are, and what they list."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from harness import paths

_CONTINUED = re.compile(r"\\\n\s*")


def requirements(root: Path = paths.ROOT) -> list[Path]:
    """Every requirements lock that git tracks: the text files with pinned lines, but for what tests only look at."""
    pinned = re.compile(r"^[A-Za-z][^\s=]*==", re.MULTILINE)
    found = [file for file in _tracked(root, "*.txt") if "fixtures" not in file.parts]
    return [file for file in found if pinned.search(file.read_text())]


def lines(lock: Path) -> list[tuple[Requirement, list[str]]]:
    """Each requirement of a lock with its hashes (`algorithm:hexadecimal`).

    Raises:
        packaging.requirements.InvalidRequirement: a line is none, such as an index's address or a file.
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
    """Name and version of everything that a lock installs on this machine; names in PyPI's normal form."""
    return {
        canonicalize_name(wanted.name): str(wanted.specifier).removeprefix("==")
        for wanted, _ in lines(lock)
        if wanted.marker is None or wanted.marker.evaluate()
    }


def _tracked(root: Path, pattern: str) -> list[Path]:
    command = ["git", "-C", str(root), "ls-files", "-z", "--", pattern]
    listed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout
    return [root / name for name in listed.split("\0") if name]
