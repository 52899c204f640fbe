"""Lets the function run changed files without a deployment, through the emulator's `/_pipeline/code`."""

from __future__ import annotations

import contextlib
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.errors import HarnessError
from harness.local import function_api, package
from harness.local.function_api import RefusedError
from harness.pipeline.definition import Pipeline
from harness.stack import mapping
from harness.stack.state import EMBEDDED, Stack

DEADLINE = 120.0


def files(stack: Stack) -> dict[str, bytes]:
    """Return the function's own files by their names in its package, which are those in its folder.

    Args:
        stack: its runtime decides about the package. A Zip is known, so files of folders that it has none of do not
            count; of an image, all do that a Zip could have.
    """
    source = stack.pipeline.source
    if source is None:
        return {}
    found = [path.relative_to(source).as_posix() for path in package.sources(source)]
    folders = _folders_of_zip(stack.pipeline) if stack.runtime == EMBEDDED else None
    return {
        name: (source / name).read_bytes()
        for name in found
        if folders is None or Path(name).parent.as_posix() in folders
    }


def _folders_of_zip(pipeline: Pipeline) -> set[str] | None:
    archive = pipeline.zip_file
    if not archive.is_file():
        return None
    with zipfile.ZipFile(archive) as opened:
        return {Path(name).parent.as_posix() for name in opened.namelist()}


def check(changed: Mapping[str, bytes]) -> None:
    """Check the syntax of Python files.

    Raises:
        HarnessError: with file and line.
    """
    for name, data in changed.items():
        if name.endswith(".py"):
            try:
                compile(data, name, "exec", dont_inherit=True)
            except (SyntaxError, ValueError) as error:
                line = f", line {error.lineno}" if isinstance(error, SyntaxError) else ""
                raise _refused(f"{name}{line}: {error.args[0]}") from None


def put(stack: Stack, changed: Mapping[str, bytes]) -> None:
    """Run changed files from the next event on. Events under way finish with the code they began with.

    Args:
        stack: runs.
        changed: files by their names in the package; none to run the deployed code again.

    Raises:
        HarnessError: the changed code does not start. The former code keeps answering.
    """
    if not changed:
        withdraw(stack)
        return
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        for name, data in changed.items():
            opened.writestr(name, data)
    _ask(stack, "PUT", archive.getvalue())


def withdraw(stack: Stack) -> None:
    """Run the deployed code again."""
    with contextlib.suppress(HarnessError):  # nothing was put: the stack may have been started with HOT_RELOAD=0
        _ask(stack, "DELETE")


def _ask(stack: Stack, method: str, data: bytes = b"") -> dict[str, Any]:
    url = f"{stack.endpoint_url}/_pipeline/code/{mapping.of(stack)['FunctionArn']}"
    try:
        return function_api.ask(url, method, data, DEADLINE)
    except RefusedError as error:
        raise _explained(error) from None


def _explained(error: RefusedError) -> HarnessError:
    if error.status == 404:
        cause = "the stack takes no changed code: it was started with HOT_RELOAD=0, or has another function"
        return HarnessError(cause, "start it anew: make local-down && make local-up WATCH=1")
    return _refused(error.document.get("error", {}).get("errorMessage") or str(error))


def _refused(cause: str) -> HarnessError:
    return HarnessError(cause, "correct and save it; until then the former code keeps answering")
