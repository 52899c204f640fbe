"""Limits of a function's processes.

AWS documents 1,024 file descriptors, and 1,024 processes and threads
(https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html). Recorded in a function with 128 MB, in
LocalStack's tests: 742 processes, an 8 MiB stack that a process may raise, 64 KiB of locked memory. 742 is what Linux
allows by default on a machine with 185.5 MiB: one process for each 256 KiB. So a function with more memory reaches the
documented number first.
"""

import resource

FILES = 1024
PROCESSES = 1024
STACK_BYTES = 8 * 2**20
LOCKED_BYTES = 64 * 2**10
_SYSTEM_BYTES = 57.5 * 2**20  # what the micro-VM has besides the function's memory
_BYTES_PER_PROCESS = 256 * 2**10


def processes(memory_bytes: int) -> int:
    """Return how many processes and threads a function with this much memory may have."""
    return min(PROCESSES, int((memory_bytes + _SYSTEM_BYTES) // _BYTES_PER_PROCESS))


def apply(memory_bytes: int, *, count_processes: bool) -> None:
    """Set the limits of this process and of all that it starts. None is raised above what the machine allows.

    Args:
        memory_bytes: the function's memory.
        count_processes: whether no other function runs as this user. The kernel counts the processes of a user.
    """
    _lower(resource.RLIMIT_NOFILE, FILES)
    _lower(resource.RLIMIT_MEMLOCK, LOCKED_BYTES)
    _lower(resource.RLIMIT_CORE, 0)  # AWS allows 10 GiB; here they would stay on the developer's machine
    if count_processes:
        _lower(resource.RLIMIT_NPROC, processes(memory_bytes))
    _, most = resource.getrlimit(resource.RLIMIT_STACK)
    resource.setrlimit(resource.RLIMIT_STACK, (_at_most(STACK_BYTES, most), most))


def _lower(kind: int, value: int) -> None:
    wanted = _at_most(value, resource.getrlimit(kind)[1])
    resource.setrlimit(kind, (wanted, wanted))


def _at_most(value: int, most: int) -> int:
    return value if most == resource.RLIM_INFINITY else min(value, most)
