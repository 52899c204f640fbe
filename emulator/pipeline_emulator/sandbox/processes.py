"""Finds, measures and kills descendant processes."""

import contextlib
import os
import signal
from collections.abc import Iterator

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
HAS_PROC = os.path.exists(f"/proc/{os.getpid()}/task/{os.getpid()}/children")


def children(pid: int) -> list[int]:
    """Return the direct children of a process; empty if it has ended."""
    if not HAS_PROC:
        return [child for child, parent, _ in _process_table() if parent == pid]
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{task}/children") as file:
                found += map(int, file.read().split())
    return found


def descendants(pid: int) -> Iterator[int]:
    """Yield all descendants of a process, parents first."""
    for child in children(pid):
        yield child
        yield from descendants(child)


def resident_bytes(pid: int) -> int:
    """Return the resident memory of all descendants of a process."""
    if HAS_PROC:
        return sum(_resident_bytes_of_one(child) for child in descendants(pid))
    below = set(descendants(pid))
    return sum(resident for child, _, resident in _process_table() if child in below)


def kill_descendants() -> None:
    """Kill all descendants of this process and wait until they have ended.

    Orphans become children of this process, so "kill all, wait for one" is repeated until none is left.
    """
    own_pid = os.getpid()
    while True:
        for pid in list(descendants(own_pid)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _resident_bytes_of_one(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/statm") as file:
            return int(file.read().split()[1]) * _PAGE_BYTES
    except OSError:
        return 0


def _process_table() -> list[tuple[int, int, int]]:
    """Return process id, parent's id and resident bytes of every process, on systems without /proc (macOS)."""
    import subprocess  # slow to import, and not needed with /proc

    command = ["ps", "-A", "-o", "pid=,ppid=,rss="]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return [(int(pid), int(parent), int(kib) * 1024) for pid, parent, kib in map(str.split, lines)]
