"""Finds, measures and kills descendant processes."""

import contextlib
import os
import signal
from collections.abc import Container, Iterator

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
# Structures of the kernel: msg_msg with its share of a slab, a semaphore of its own cache line, and a queue or set.
_PER_MESSAGE_BYTES, _SEMAPHORE_BYTES, _PER_OBJECT_BYTES = 64, 64, 256
OBJECTS = {"shm": "shmid", "msg": "msqid", "sem": "semid"}
"""System V objects: their kinds, and the kernel's names for their numbers."""
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


def used_bytes(pid: int, *, own_segments: bool) -> int:
    """Return the memory that all descendants of a process use: resident pages, and shared ones that none has mapped.

    Args:
        pid: the process.
        own_segments: whether they and this process have System V shared memory of their own.
    """
    below = set(descendants(pid))
    if not HAS_PROC:
        return sum(resident for child, _, resident in _process_table() if child in below)
    resident = (queued_bytes() if own_segments else 0) + sum(_resident_bytes_of_one(child) for child in below)
    shared = {inode: size for child in below for inode, size in _memory_files(child)}
    if own_segments:
        shared |= segments()
    unmapped = sum(shared.values())
    if unmapped:  # what is mapped counts once; the kernel needs a while to say how much that is
        unmapped = max(0, unmapped - sum(_mapped_bytes(child, shared) for child in below))
    return resident + unmapped


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


def _memory_files(pid: int) -> Iterator[tuple[int, int]]:
    """Yield number and size of the open files that exist in memory only (memfd_create), made by any process."""
    with contextlib.suppress(OSError):
        for name in os.listdir(f"/proc/{pid}/fd"):
            with contextlib.suppress(OSError):
                if os.readlink(f"/proc/{pid}/fd/{name}").startswith("/memfd:"):
                    found = os.stat(f"/proc/{pid}/fd/{name}")
                    yield found.st_ino, found.st_blocks * 512


def _mapped_bytes(pid: int, inodes: Container[int]) -> int:
    """Return the resident memory of a process that belongs to the given files in memory and segments."""
    mapped, counts = 0, False
    with contextlib.suppress(OSError), open(f"/proc/{pid}/smaps") as file:
        for line in file:
            fields = line.split()
            if not fields[0].endswith(":"):  # the first line of a mapping: range, rights, offset, device, inode, path
                counts = len(fields) > 5 and fields[5].startswith(("/memfd:", "/SYSV")) and int(fields[4]) in inodes
            elif counts and fields[0] == "Rss:":
                mapped += int(fields[1]) * 1024
    return mapped


def segments() -> dict[int, int]:
    """Return number and size of the System V segments in this IPC namespace."""
    return {each["id"]: each["rss"] + each["swap"] for each in objects("shm")}


def queued_bytes() -> int:
    """Return what message queues and semaphores of this IPC namespace take of the kernel's memory, at least."""
    messages = sum(each["cbytes"] + each["qnum"] * _PER_MESSAGE_BYTES + _PER_OBJECT_BYTES for each in objects("msg"))
    return messages + sum(each["nsems"] * _SEMAPHORE_BYTES + _PER_OBJECT_BYTES for each in objects("sem"))


def objects(kind: str) -> Iterator[dict[str, int]]:
    """Yield what the kernel says of each System V object in this IPC namespace; `kind` is one of `OBJECTS`."""
    with contextlib.suppress(OSError), open(f"/proc/sysvipc/{kind}") as file:
        names = next(file).split()
        for line in file:
            found = dict(zip(names, map(int, line.split()), strict=True))
            yield {**found, "id": found[OBJECTS[kind]]}


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
