"""Builds a function's Zip from its folder: the code, and the dependencies in its requirements.txt."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from pathlib import Path

from harness.machine import commands, environment
from harness.machine.files import below
from harness.paths import shown
from harness.pipeline.definition import Pipeline
from harness.setup import install

REQUIREMENTS = "requirements.txt"
DEADLINE = 300.0
# Not part of a function; and what an image needs only.
LEFT_OUT = shutil.ignore_patterns(
    *("__pycache__", ".*", "tests", "node_modules/.cache", "*.pyc", "venv", "Dockerfile*", "requirements*.txt"),
    *("pyproject.toml", "uv.lock", "poetry.lock", "Pipfile*"),
)
MAX_UNPACKED = 250 * 1024 * 1024  # https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
EARLIEST = (1980, 1, 1, 0, 0, 0)  # the same content gives the same Zip


def build(pipeline: Pipeline, output: Path, log: Path) -> None:
    """Build the Zip; quick if nothing has changed.

    Args:
        pipeline: names the folder.
        output: the Zip; a file beside it records what it was built from.
        log: gets the output of the installer.

    Raises:
        HarnessError: the dependencies cannot be installed, or the code is larger than Lambda allows.
    """
    source = pipeline.source
    assert source is not None
    inputs = install.digest(
        sorted(path for path in source.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    )
    stamp = output.with_name(f"{output.name}.inputs")
    if output.exists() and stamp.exists() and stamp.read_text() == inputs:
        return
    output.parent.mkdir(parents=True, exist_ok=True)
    stamp.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(dir=output.parent, prefix=".build-") as name:
        content = Path(name) / "content"
        content.mkdir()
        if (source / REQUIREMENTS).is_file():
            _install(source / REQUIREMENTS, content, log)
        shutil.copytree(source, content, ignore=LEFT_OUT, dirs_exist_ok=True)
        files = _files(content)
        _check_size(pipeline, sum(path.stat().st_size for path in files))
        draft = Path(name) / "function.zip"
        _pack(draft, content, files)
        draft.replace(output)
    stamp.write_text(inputs)


def sources(source: Path) -> list[Path]:
    """Return the files of a function's folder that its Zip gets; what the installer adds is not among them."""
    return below(source, LEFT_OUT)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)


def _install(requirements: Path, target: Path, log: Path) -> None:
    hashes = ["--require-hashes"] if "--hash=" in requirements.read_text(encoding="utf-8") else []
    commands.run(
        [
            install.UV, "pip", "install", "--quiet", "--python", install.PYTHON, "--target", target,
            "--only-binary", ":all:", *hashes, "--requirements", requirements,
        ],
        env=environment.clean(UV_LINK_MODE="copy"), log=log, deadline=DEADLINE,
        next_step=f"check {shown(requirements)}, the network and the package index settings; see {shown(log)}",
    )  # fmt: skip


def _check_size(pipeline: Pipeline, size: int) -> None:
    if size > MAX_UNPACKED:
        raise pipeline.mistake(
            ["function", "source"],
            f"the unpacked function has {size:,} bytes, but Lambda's limit is {MAX_UNPACKED:,}",
            "use fewer dependencies, or an image (RUNTIME=docker)",
        )


def _pack(archive: Path, content: Path, files: list[Path]) -> None:
    with zipfile.ZipFile(archive, "w") as package:
        for path in files:
            entry = zipfile.ZipInfo(path.relative_to(content).as_posix(), EARLIEST)
            entry.create_system = 3  # Unix: the upper half of external_attr is the mode
            entry.external_attr = (0o100000 | path.stat().st_mode & 0o755 | 0o444) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            package.writestr(entry, path.read_bytes())
