"""Takes out of installed packages what serving does not need, and adds bytecode. For the Zip and for the image.

python prune.py FOLDER PREFIX: what the image's build runs, with nothing but the standard library. PREFIX is the folder
that FOLDER becomes in the image.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

# Serving needs none of these. libonnxruntime.so is for programs in C; the Python module has its own copy inside.
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
"""1980-01-01: the same inputs give the same bytes whenever they are built."""


def prune(content: Path) -> None:
    """Remove what serving does not need.

    Args:
        content: folder that packages were installed into.
    """
    for pattern in PRUNED:
        for path in list(content.glob(pattern)):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)


def compilation(content: Path, python: str | Path, prefix: str = "") -> tuple[list[str | Path], dict[str, str]]:
    """Give the command that adds bytecode: code folders are read-only, else every cold start compiled every module.

    Args:
        content: folder of the modules.
        python: interpreter that will run them.
        prefix: what stands in for `content` in tracebacks.

    Returns:
        The command, and the variables it needs in its environment.
    """
    # Never checked against the source: times and sizes would make the bytes depend on when they were built.
    options = ["-q", "--invalidation-mode", "unchecked-hash", "-s", str(content)]
    options += ["-p", prefix] if prefix else []
    # A fixed hash seed: the order of constants that are sets depends on it.
    environment = {"PYTHONHASHSEED": "0", "PYTHONPATH": "", "PYTHONPYCACHEPREFIX": ""}
    return [python, "-P", "-m", "compileall", *options, content], environment


def settle(content: Path) -> None:
    """Give everything fixed times, and modes that let any user read it, whatever the checkout had.

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
