"""Everything that is installed is pinned by hash, wherever it is installed."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

import pytest
from packaging.requirements import InvalidRequirement

from harness import paths
from harness.supply import locks

SHA256 = re.compile(r"sha256:[0-9a-f]{64}")
# Index options, addresses and files would make an installation depend on where it runs.
FOREIGN = re.compile(r"://|^\s*-|--(?!hash=sha256:)|\s@\s|index", re.MULTILINE)
LOCKS = locks.requirements()


def _loose(lock: Path) -> list[str]:
    """Return the requirements of a lock that are not pinned to one version or have no hash."""
    return [
        str(wanted)
        for wanted, hashes in locks.lines(lock)
        if not re.fullmatch(r"==[^,*]+", str(wanted.specifier))
        or wanted.url
        or not hashes
        or not all(SHA256.fullmatch(value) for value in hashes)
    ]


def test_every_lock_is_known() -> None:
    names = {str(lock.relative_to(paths.ROOT)) for lock in LOCKS}
    assert names >= {
        "requirements.txt",
        "service/requirements.txt",
        "service/requirements-image.txt",
        "emulator/requirements.txt",
        "emulator/lambda-runtime.txt",
        "emulator/kinesis-clients.txt",
        "scripts/images/mlflow/requirements.txt",
        "scripts/requirements-uv.txt",
    }


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: str(lock.relative_to(paths.ROOT)))
def test_every_line_of_a_lock_has_a_version_and_hashes_and_no_address(lock: Path) -> None:
    assert locks.lines(lock)
    assert _loose(lock) == []
    text = "".join(line for line in lock.read_text().splitlines(keepends=True) if not line.lstrip().startswith("#"))
    assert FOREIGN.findall(re.sub(r"\\\n\s*", " ", text)) == []


@pytest.mark.parametrize(
    "line", ["--index-url https://example.org", "-e .", "a @ https://example.org/a.whl", "./a.whl"]
)
def test_a_line_with_an_address_is_found(tmp_path: Path, line: str) -> None:
    lock = tmp_path / "requirements.txt"
    lock.write_text(f"{line}\n")
    with contextlib.suppress(InvalidRequirement):
        assert _loose(lock)


def test_a_line_without_version_or_hash_is_found(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.txt"
    good = f"a==1 \\\n    --hash=sha256:{'0' * 64} \\\n    --hash=sha256:{'1' * 64}\n"
    lock.write_text(good)
    assert _loose(lock) == []
    lock.write_text(good + "b==1\nc>=1 --hash=sha256:" + "0" * 64 + "\nd==1 --hash=md5:00\n")
    assert _loose(lock) == ["b==1", "c>=1", "d==1"]


def _unhashed(script: str) -> list[str]:
    """Return the commands of a Dockerfile or shell script that install whatever the index has now."""
    joined = re.sub(r"\\\n\s*", " ", script)
    return [
        found[0]
        for found in re.finditer(r"pip (?:install|sync|download)\b[^\n&|;]*", joined)
        # --no-deps with --no-build-isolation and a folder: our own code, built with installed packages.
        if "--require-hashes" not in found[0] and not {"--no-deps", "--no-build-isolation"} <= set(found[0].split())
    ]


def test_dockerfiles_and_scripts_install_only_by_hash() -> None:
    files = [
        paths.EMULATOR / "Dockerfile",
        paths.SERVICE / "Dockerfile",
        paths.MLFLOW_IMAGE / "Dockerfile",
        *(file for file in paths.SCRIPTS.rglob("*.sh")),
        *(paths.ROOT / ".ci").iterdir(),
        *(paths.ROOT / ".github" / "workflows").iterdir(),
    ]
    assert len([file for file in files if file.name == "Dockerfile"]) == 3
    assert {str(file.relative_to(paths.ROOT)): found for file in files if (found := _unhashed(file.read_text()))} == {}
    for file in files:  # npm ci installs what the lock says, and fails if it lacks something
        assert not re.search(r"npm (?:-\S+ )*(?:install|i|add)\b(?!.*--package-lock-only)", file.read_text()), file


def test_an_installation_without_hashes_is_found() -> None:
    assert _unhashed("RUN python -m pip install --quiet \\\n  -r requirements.txt && true") != []
    assert _unhashed("RUN python -m pip install --require-hashes \\\n  -r requirements.txt && pip install x") != []
    assert _unhashed("RUN pip install --require-hashes -r x") == []
