"""Removes from installed packages what serving does not need, and adds bytecode; for the Zip and for the image.

python prune.py FOLDER PREFIX: run by the image's build, with the standard library only. PREFIX is the path of FOLDER
in the image.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

# Not needed for serving. libonnxruntime.so is for C programs; the Python module contains its own copy.
PRUNED = (
    "bin",
    "numpy/**/tests",
    "numpy/f2py",
    "numpy/_core/include",
    "numpy/_core/lib",
    "numpy/random/lib",
    "onnxruntime/capi/libonnxruntime.so*",
    "onnxruntime/datasets",
    "onnxruntime/quantization",
    "onnxruntime/tools",
    "onnxruntime/transformers",
    "**/*.pyi",
    "**/*.pxd",
    "**/__pycache__",
    "*.dist-info/RECORD",
    "*.dist-info/INSTALLER",
    "*.dist-info/REQUESTED",
    "*.dist-info/direct_url.json",
    "*.dist-info/uv_cache.json",
    ".lock",
)

FIXED_TIME = 315532800
"""1980-01-01; a fixed time makes builds reproducible."""


def prune(content: Path) -> None:
    """Remove what serving does not need.

    Args:
        content: folder with the installed packages.
    """
    for pattern in PRUNED:
        for path in list(content.glob(pattern)):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)


def compilation(content: Path, python: str | Path, prefix: str = "") -> tuple[list[str | Path], dict[str, str]]:
    """Return the command that adds bytecode: code folders are read-only, so cold starts could not keep their own.

    Args:
        content: folder of the modules.
        python: interpreter that will run them.
        prefix: replaces `content` in tracebacks.

    Returns:
        The command, and the environment variables it needs.
    """
    # Unchecked hashes: source times and sizes would make the bytes depend on the time of the build.
    options = ["-q", "--invalidation-mode", "unchecked-hash", "-s", str(content)]
    options += ["-p", prefix] if prefix else []
    # The order of set constants depends on the hash seed.
    environment = {"PYTHONHASHSEED": "0", "PYTHONPATH": "", "PYTHONPYCACHEPREFIX": ""}
    return [python, "-P", "-m", "compileall", *options, content], environment


def settle(content: Path) -> None:
    """Set fixed times on everything, and modes that let any user read it, whatever the checkout had.

    Args:
        content: folder to change.
    """
    for path in (content, *content.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or ".so" in path.suffixes else 0o644)
            os.utime(path, (FIXED_TIME, FIXED_TIME))


def main(content: Path, prefix: str) -> None:
    """Prune, compile and settle one folder."""
    prune(content)
    command, environment = compilation(content, sys.executable, prefix)
    subprocess.run(command, env={**os.environ, **environment}, check=True)
    settle(content)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
