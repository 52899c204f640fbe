"""Builds the function's Zip, byte for byte reproducible: `store_sales` and its locked dependencies.

python -m bundle.build_zip --output function.zip --python .venv/bin/python --uv uv [--platform x86_64-manylinux_2_28]
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from bundle import prune as pruning
from bundle.prune import compilation, prune

PACKAGE = "store_sales"
PYTHON_VERSION = "3.13"
MAX_UNPACKED = 250 * 1024 * 1024
"""Lambda's limit: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""


class BuildError(ValueError):
    """The Zip cannot be built; the message names the cause and the next step."""


def build_zip(
    service_dir: Path, requirements: Path, output: Path, python: Path, uv: Path, platform: str | None = None
) -> Path:
    """Build the Zip unless it is up to date, and return its path.

    Args:
        service_dir: folder that holds the `store_sales` package.
        requirements: lock file with hashes.
        output: the Zip; `<name>.inputs.json` beside it records the inputs.
        python: a Python 3.13 interpreter; it determines the wheels' tags and compiles the modules.
        uv: the uv executable.
        platform: uv's name for a target other than this machine, such as "x86_64-manylinux_2_28" for AWS.

    Raises:
        BuildError: a dependency cannot be installed, a hash differs, or the package exceeds Lambda's limit.
    """
    for needed in (service_dir / PACKAGE / "handler.py", requirements, python):
        if not needed.is_file():
            raise BuildError(f"{needed} does not exist")
    inputs = _inputs_hash(service_dir, requirements, platform)
    if _up_to_date(output, inputs):
        return output
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=output.parent, prefix=".build-") as name:
        content, archive = Path(name) / "content", Path(name) / "function.zip"
        _install(requirements, content, python, uv, platform)
        prune(content)
        shutil.copytree(service_dir / PACKAGE, content / PACKAGE, ignore=shutil.ignore_patterns("__pycache__", ".*"))
        _compile(content, python)
        _check_size(content)
        _pack(content, archive)
        _marker(output).unlink(missing_ok=True)  # first: a kill in between must not leave an old marker and a new Zip
        os.replace(archive, output)
    _marker(output).write_text(json.dumps({"inputs": inputs, "sha256": _sha256(output)}) + "\n")
    return output


def build(output: Path, python: Path, uv: Path) -> str:
    """Build the Zip of this folder's function; `function.build` of pipeline.toml. Takes the arguments of `build_zip`.

    Raises:
        BuildError: as for `build_zip`.
    """
    service = Path(__file__).resolve().parents[1]
    return str(build_zip(service, service / "requirements.txt", output, python, uv))


def _inputs_hash(service_dir: Path, requirements: Path, platform: str | None) -> str:
    sources = sorted(path for path in (service_dir / PACKAGE).rglob("*") if path.is_file() and _is_source(path))
    digest = hashlib.sha256(f"{platform} {sys.platform} {PYTHON_VERSION}".encode())
    for path in (Path(__file__), Path(pruning.__file__), requirements, *sources):
        name = path.relative_to(service_dir) if path in sources else path.name
        digest.update(f"\0{name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}".encode())
    return digest.hexdigest()


def _is_source(path: Path) -> bool:
    return not any(part == "__pycache__" or part.startswith(".") for part in path.parts[-3:])


def _up_to_date(output: Path, inputs: str) -> bool:
    """Return whether the Zip was built from these inputs and is complete."""
    try:
        marker = json.loads(_marker(output).read_text())
        return bool(marker == {"inputs": inputs, "sha256": _sha256(output)})
    except (OSError, ValueError):
        return False


def _marker(output: Path) -> Path:
    return output.with_name(f"{output.name}.inputs.json")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _install(requirements: Path, target: Path, python: Path, uv: Path, platform: str | None) -> None:
    options = ["--require-hashes", "--only-binary", ":all:", "--no-deps", "--python-version", PYTHON_VERSION, "--quiet"]
    options += ["--python-platform", platform] if platform else []
    command: list[str | Path] = [
        uv,
        "pip",
        "install",
        "--python",
        python,
        "--target",
        target,
        *options,
        "-r",
        requirements,
    ]
    # Copy, because pruning and compiling through hard links would change the files in uv's cache.
    _run(command, "the function's dependencies cannot be installed", {"UV_LINK_MODE": "copy"})


def _compile(content: Path, python: Path) -> None:
    command, environment = compilation(content, python)
    _run(command, "the modules cannot be compiled", environment)


def _run(command: Sequence[str | Path], failure: str, environment: dict[str, str]) -> None:
    try:
        done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    except OSError as error:
        raise BuildError(f"{failure}: {command[0]}: {error.strerror}") from error
    if done.returncode != 0:
        raise BuildError(f"{failure}: {(done.stderr or done.stdout).strip()}")


def _check_size(content: Path) -> None:
    size = sum(path.stat().st_size for path in _files(content))
    if size > MAX_UNPACKED:
        raise BuildError(
            f"the unpacked function has {size:,} bytes, but Lambda's limit is {MAX_UNPACKED:,}; use an image instead"
        )


def _files(content: Path) -> Iterator[Path]:
    return (path for path in content.rglob("*") if path.is_file())


def _pack(content: Path, archive: Path) -> None:
    """Write a Zip that depends on file names and contents only: sorted, with fixed times and modes."""
    with zipfile.ZipFile(archive, "w") as package:
        for path in sorted(_files(content), key=lambda path: path.relative_to(content).as_posix()):
            entry = zipfile.ZipInfo(path.relative_to(content).as_posix(), (1980, 1, 1, 0, 0, 0))
            entry.create_system = 3  # Unix: the upper half of external_attr is the mode
            entry.external_attr = (0o100755 if ".so" in path.suffixes else 0o100644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            package.writestr(entry, path.read_bytes(), compresslevel=6)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    service = Path(__file__).resolve().parents[1]
    parser = argparse.ArgumentParser(prog="python -m bundle.build_zip", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--output", type=Path, required=True, metavar="FILE.zip")
    parser.add_argument("--service-dir", type=Path, default=service, metavar="DIR")
    parser.add_argument("--requirements", type=Path, default=service / "requirements.txt", metavar="FILE")
    parser.add_argument("--python", type=Path, default=Path(sys.executable), metavar="FILE", help="a Python 3.13")
    parser.add_argument("--uv", type=Path, default=Path(shutil.which("uv") or "uv"), metavar="FILE")
    parser.add_argument("--platform", metavar="NAME", help="uv's name for a platform other than this one")
    given = parser.parse_args(arguments)
    try:
        path = build_zip(given.service_dir, given.requirements, given.output, given.python, given.uv, given.platform)
    except BuildError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
