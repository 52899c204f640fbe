"""A process that removes a container once another process has ended: a pytest that is killed can no longer do so."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator

import docker
from docker.errors import DockerException, NotFound

from pipeline_emulator import owner

_STOP_SECONDS = 15  # LocalStack ends its functions' containers
_CREATING_SECONDS = 10.0  # the engine may still be making it when the process ends


@contextlib.contextmanager
def watching(name: str) -> Iterator[None]:
    """Let the container that the block makes under a name end with this process, and remove it after the block."""
    command = [sys.executable, "-m", __name__, str(os.getpid()), name]
    # In a session of its own: what kills pytest, such as a terminal that is closed, spares it.
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        yield
    finally:
        process.kill()
        process.wait()
        with contextlib.suppress(DockerException):
            remove(name)


def remove(name: str) -> bool:
    """Stop and remove a container; return whether there was one."""
    try:
        container = docker.from_env().containers.get(name)
    except NotFound:
        return False
    with contextlib.suppress(DockerException):
        container.stop(timeout=_STOP_SECONDS)
    container.remove(force=True, v=True)
    return True


if __name__ == "__main__":
    owner.wait_for_end(int(sys.argv[1]))
    deadline = time.monotonic() + _CREATING_SECONDS
    while not remove(sys.argv[2]) and time.monotonic() < deadline:
        time.sleep(1)
