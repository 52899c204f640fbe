"""System calls that the sandbox needs and Python's `os` module lacks."""

import contextlib
import ctypes
import os

_MS_NOSUID, _MS_NODEV, _MS_NOEXEC = 0x2, 0x4, 0x8
_MS_BIND, _MS_REC, _MS_PRIVATE = 0x1000, 0x4000, 0x40000
_PR_SET_PDEATHSIG, _PR_CAPBSET_DROP, _PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS = 1, 24, 36, 38
_SYS_MOUNT_SETATTR = 442  # the same number on every architecture, since Linux 5.12
_AT_FDCWD, _AT_RECURSIVE, _MOUNT_ATTR_RDONLY = -100, 0x8000, 0x1
_LAST_CAPABILITY = 63  # no kernel has more; dropping an unknown one fails harmlessly
_CAP_DAC_READ_SEARCH = 2  # kept, so that root can read another user's checkout

_libc = ctypes.CDLL(None, use_errno=True)


class _MountAttributes(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("attr_set", "attr_clr", "propagation", "userns_fd")]


def _check(result: int, what: str) -> None:
    if result != 0:
        errno = ctypes.get_errno()
        raise OSError(errno, f"{what}: {os.strerror(errno)}")


def die_with_parent() -> None:
    """Let the kernel kill this process when its parent dies."""
    _libc.prctl(_PR_SET_PDEATHSIG, 9, 0, 0, 0)


def adopt_orphans() -> None:
    """Make this process the parent of orphaned descendants, so that none escapes by a double fork."""
    _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def drop_privileges() -> None:
    """Drop everything that could undo the sandbox after the next exec: all capabilities and set-uid."""
    for capability in range(_LAST_CAPABILITY + 1):
        if capability != _CAP_DAC_READ_SEARCH:
            _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
    _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def enter_user_namespace() -> None:
    """Let an ordinary user create the other namespaces; user and group ids stay the same."""
    uid, gid = os.geteuid(), os.getegid()
    os.unshare(os.CLONE_NEWUSER)
    for name, content in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(content)


def make_read_only_except_tmp(tmp_bytes: int, visible: list[str]) -> None:
    """Make the file system read-only except /tmp, which becomes empty, private and limited in size, as on AWS.

    Args:
        tmp_bytes: size of /tmp.
        visible: folders below the real /tmp that stay visible.

    Raises:
        OSError: the kernel or the container runtime does not allow it.
    """
    os.unshare(os.CLONE_NEWNS)
    _mount(None, "/", None, _MS_REC | _MS_PRIVATE)
    below_tmp = [folder for folder in visible if folder.startswith("/tmp/")]  # noqa: S108
    # Handles opened now still reach the folders after the new /tmp hides them.
    handles = {folder: os.open(folder, os.O_PATH | os.O_DIRECTORY) for folder in below_tmp}
    attributes = _MountAttributes(attr_set=_MOUNT_ATTR_RDONLY)
    arguments = (_AT_FDCWD, b"/", _AT_RECURSIVE, ctypes.byref(attributes), ctypes.sizeof(attributes))
    _check(_libc.syscall(_SYS_MOUNT_SETATTR, *arguments), "mount_setattr")
    _mount("tmpfs", "/tmp", "tmpfs", _MS_NOSUID | _MS_NODEV, f"size={tmp_bytes},mode=0700")  # noqa: S108
    for folder, handle in handles.items():
        if not os.path.isdir(folder):  # it may be inside one that is already mounted
            os.makedirs(folder)
            _mount(f"/proc/self/fd/{handle}", folder, None, _MS_BIND | _MS_REC)
        os.close(handle)


def enter_process_namespace() -> None:
    """Make the next child process 1 of a PID namespace: when it ends, the kernel kills everything in the namespace."""
    os.unshare(os.CLONE_NEWPID | os.CLONE_NEWNS)


def mount_own_proc() -> None:
    """Show only this namespace's processes in /proc. Containers that mask parts of /proc forbid it."""
    with contextlib.suppress(OSError):
        _mount("proc", "/proc", "proc", _MS_NOSUID | _MS_NODEV | _MS_NOEXEC)


def _mount(source: str | None, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    arguments = [value.encode() if value is not None else None for value in (source, target, kind, data)]
    result = _libc.mount(arguments[0], arguments[1], arguments[2], ctypes.c_ulong(flags), arguments[3])
    _check(result, f"mount {target}")
