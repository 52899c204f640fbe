"""What the process executor can run, and the permissions of a function's code."""

import contextlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from localstack.services.lambda_.invocation.lambda_models import FunctionVersion

from pipeline_emulator.lambda_runtime import interpreter

# https://docs.aws.amazon.com/lambda/latest/dg/configuration-ephemeral-storage.html
_DEFAULT_TMP_MB = 512


def check(function_version: FunctionVersion) -> None:
    """Refuses what cannot run here.

    Raises:
        RuntimeError: The message names what is asked for and what is supported.
    """
    function = function_version.config
    if function.package_type != "Zip":
        raise RuntimeError(
            "the process executor runs package type Zip only; for images set LAMBDA_RUNTIME_EXECUTOR=container"
        )
    if function.runtime != interpreter.SUPPORTED_RUNTIME:
        raise RuntimeError(
            f"the process executor runs functions of runtime {interpreter.SUPPORTED_RUNTIME} only,"
            f" not {function.runtime}"
        )
    if function.layers:
        raise RuntimeError("the process executor does not support layers: put their content into the function's Zip")
    interpreter.runtime_dir()


def tmp_megabytes(function_version: FunctionVersion) -> int:
    """Size of the function's /tmp."""
    storage = function_version.config.ephemeral_storage
    return int(storage.size) if storage else _DEFAULT_TMP_MB


def set_writable(folder: Path, *, writable: bool) -> None:
    """Takes or gives the permission to write into `folder` and all below it."""
    for parent, _, files in os.walk(folder):
        for name in files:
            path = Path(parent, name)
            if not path.is_symlink():
                path.chmod(0o644 if writable else 0o444)
        Path(parent).chmod(0o755 if writable else 0o555)


def remove(folder: Path) -> None:
    """Removes `folder` with read-only folders in it, as far as this user may: what others own stays."""

    def make_writable_and_retry(remove_one: Callable[[str], Any], path: str, _error: BaseException) -> None:
        parent = Path(path).parent
        if remove_one in (os.unlink, os.rmdir) and parent.is_relative_to(folder):
            with contextlib.suppress(OSError):
                parent.chmod(0o700)
                remove_one(path)

    shutil.rmtree(folder, onexc=make_writable_and_retry)
