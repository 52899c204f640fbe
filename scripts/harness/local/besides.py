"""The state of the containers beside LocalStack: the registry's images, and MLflow's runs."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from harness.errors import HarnessError
from harness.local import containers
from harness.stack.state import Stack

_DEADLINE = 60.0
_IMAGES, _IN = "/tmp/registry", "/tmp"  # noqa: S108 - in the registry's container, docker-compose.yml
# Its folder is in memory, so the engine cannot copy it. SQLite copies what is committed while the server writes.
_DUMP = """
import sqlite3, sys
copy = sqlite3.connect(":memory:")
sqlite3.connect("file:/mlflow/mlflow.db?mode=ro", uri=True).backup(copy)
sys.stdout.buffer.write(copy.serialize())
"""
_RESTORE = """
import sqlite3, sys
copy = sqlite3.connect(":memory:")
copy.deserialize(sys.stdin.buffer.read())
copy.backup(sqlite3.connect("/mlflow/mlflow.db", timeout=30))
"""


@contextmanager
def registry(stack: Stack) -> Iterator[IO[bytes]]:
    """Yield the registry's files as a tar, which is at its end."""
    (container,) = containers.service(stack, "registry")
    with tempfile.TemporaryFile() as file:
        pieces, _ = container.get_archive(_IMAGES)
        for piece in pieces:
            file.write(piece)
        yield file


def put_registry(stack: Stack, source: IO[bytes]) -> None:
    """Give the files of a tar from `registry` to a registry that was just started."""
    (container,) = containers.service(stack, "registry")
    container.put_archive(_IN, source)


def mlflow(stack: Stack) -> bytes:
    """Return MLflow's database."""
    return _python(stack, _DUMP, b"")


def put_mlflow(stack: Stack, data: bytes) -> None:
    """Replace the content of MLflow's database."""
    _python(stack, _RESTORE, data)


def _python(stack: Stack, code: str, data: bytes) -> bytes:
    """Run Python code in MLflow's container; return what it prints.

    Raises:
        HarnessError: it failed.
    """
    (container,) = containers.service(stack, "mlflow")
    command = ["docker", "exec", "-i", str(container.id), "python", "-c", code]
    done = subprocess.run(command, input=data, capture_output=True, timeout=_DEADLINE, check=False)
    if done.returncode != 0:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise HarnessError(f"MLflow's database cannot be copied: {''.join(last)}", f"docker logs {container.name}")
    return done.stdout
