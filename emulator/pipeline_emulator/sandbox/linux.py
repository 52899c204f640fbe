"""System calls that the sandbox needs and Python's `os` module lacks."""

import contextlib
import ctypes
import os
from collections.abc import Iterable

MS_NOSUID, MS_NODEV, MS_NOEXEC = 0x2, 0x4, 0x8
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000
_MNT_DETACH, _IPC_RMID = 0x2, 0
_KEYCTL_JOIN_SESSION_KEYRING = 1
_SYS_KEYCTL = {"x86_64": 250, "aarch64": 219}  # by machine
# https://docs.kernel.org/userspace-api/landlock.html; the same numbers on every architecture
_SYS_LANDLOCK_CREATE_RULESET, _SYS_LANDLOCK_RESTRICT_SELF = 444, 446
_LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET = 0x1
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_CAPBSET_DROP = 1, 4, 24
_PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS = 36, 38
_SYS_MOUNT_SETATTR = 442  # the same number on every architecture, since Linux 5.12
_AT_FDCWD, _AT_RECURSIVE = -100, 0x8000
_MOUNT_ATTR_RDONLY, _MOUNT_ATTR_NOSUID, _MOUNT_ATTR_NODEV = 0x1, 0x2, 0x4
_CAPABILITY_VERSION = 0x20080522  # _LINUX_CAPABILITY_VERSION_3
_LAST_CAPABILITY = 63  # no kernel has more; dropping an unknown one fails harmlessly
_CAP_DAC_READ_SEARCH = 2
# On AWS the function is sbx_user1051, 993:990.
FUNCTION_UID, FUNCTION_GID = 993, 990
_FIRST_USER, _FIRST_SERVICE_USER, _SERVICE_USERS = 0x7100_0000, 61184, 4336

_libc = ctypes.CDLL(None, use_errno=True)


class _LandlockRules(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("handled_access_fs", "handled_access_net", "scoped")]


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


def set_dumpable(*, dumpable: bool) -> None:
    """Allow or forbid other processes of the same user to trace this one and to look at its descriptors."""
    _libc.prctl(_PR_SET_DUMPABLE, int(dumpable), 0, 0, 0)


def never_gain_privileges(*, keep_read_access: bool = False) -> None:
    """Rule out that any later exec gains a capability or another user.

    Args:
        keep_read_access: root without namespaces may go on reading another user's checkout.
    """
    for capability in range(_LAST_CAPABILITY + 1):
        if capability != _CAP_DAC_READ_SEARCH or not keep_read_access:
            _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
    _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def drop_capabilities() -> None:
    """Drop every capability of this process.

    Raises:
        OSError: the kernel refuses.
    """
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0)
    _check(_libc.capset(header, (ctypes.c_uint32 * 6)()), "capset")


def unused_user() -> int:
    """Return a user that no other process has, for root: the first number below plus this process's id.

    systemd assigns no users there (https://systemd.io/UIDS-GIDS/), and process ids are below 2**22. Containers with
    fewer users get one of those that systemd assigns to services without a user of their own.
    """
    wanted = _FIRST_USER + os.getpid()
    with open("/proc/self/uid_map") as file:
        ranges = [line.split() for line in file]
    if any(int(first) <= wanted < int(first) + int(count) for first, _, count in ranges):
        return wanted
    return _FIRST_SERVICE_USER + os.getpid() % _SERVICE_USERS


def become(uid: int) -> None:
    """Change from root to an ordinary user and group of the same number, without other groups."""
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def enter_user_namespace() -> None:
    """Enter a user namespace in which this process's user, and no other, exists under AWS's number.

    Raises:
        OSError: the kernel or the container runtime does not allow it.
    """
    uid, gid = os.geteuid(), os.getegid()
    os.unshare(os.CLONE_NEWUSER)
    set_dumpable(dumpable=True)  # after a change of user, the files below would belong to root
    for name, content in (
        ("setgroups", "deny"),
        ("uid_map", f"{FUNCTION_UID} {uid} 1"),
        ("gid_map", f"{FUNCTION_GID} {gid} 1"),
    ):
        _write(f"/proc/self/{name}", content)


def forbid_user_namespaces(settings: str) -> None:
    """Forbid namespaces within this user namespace: in one of its own, the function would have capabilities.

    Args:
        settings: /proc/sys, or another path of it.
    """
    with contextlib.suppress(OSError):  # not on every kernel; such capabilities end at this namespace's mounts
        _write(f"{settings}/user/max_user_namespaces", "0")


def leave_keyrings() -> None:
    """Get an empty keyring: the inherited one has keys of LocalStack's user, and would connect all functions."""
    if number := _SYS_KEYCTL.get(os.uname().machine):
        _libc.syscall(number, _KEYCTL_JOIN_SESSION_KEYRING, None)


def leave_abstract_sockets() -> None:
    """Rule out connections to abstract Unix sockets of other processes than this one's descendants, since Linux 6.12.

    They have names, but no file: no namespace but that of the network hides them.
    """
    rules = _LandlockRules(scoped=_LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET)
    descriptor = _libc.syscall(_SYS_LANDLOCK_CREATE_RULESET, ctypes.byref(rules), ctypes.sizeof(rules), 0)
    if descriptor >= 0:  # older kernels know neither the call nor the rule
        _libc.syscall(_SYS_LANDLOCK_RESTRICT_SELF, descriptor, 0)
        os.close(descriptor)


def remove_objects(kind: str, identifiers: Iterable[int]) -> None:
    """Remove System V objects of this IPC namespace.

    Args:
        kind: `shm`, `msg` or `sem`, as in the names of the kernel's files.
        identifiers: of the objects.
    """
    for identifier in identifiers:
        if kind == "sem":
            _libc.semctl(identifier, 0, _IPC_RMID)
        else:
            getattr(_libc, f"{kind}ctl")(identifier, _IPC_RMID, None)


def own_mounts() -> None:
    """Enter a mount namespace whose changes stay in it."""
    os.unshare(os.CLONE_NEWNS)
    mount(None, "/", None, MS_REC | MS_PRIVATE)


def make_read_only(folder: str) -> None:
    """Make everything mounted at or below a folder read-only, without devices and set-uid programs."""
    flags = _MOUNT_ATTR_RDONLY | _MOUNT_ATTR_NOSUID | _MOUNT_ATTR_NODEV
    attributes = _MountAttributes(attr_set=flags)
    arguments = (_AT_FDCWD, folder.encode(), _AT_RECURSIVE, ctypes.byref(attributes), ctypes.sizeof(attributes))
    _check(_libc.syscall(_SYS_MOUNT_SETATTR, *arguments), "mount_setattr")


def change_root(folder: str) -> None:
    """Make a mounted folder the root of this process's mount namespace, and drop the old root."""
    os.chdir(folder)
    _check(_libc.pivot_root(b".", b"."), "pivot_root")  # the old root is now mounted over the new one
    _check(_libc.umount2(b".", _MNT_DETACH), "umount")
    os.chdir("/")


def mount(source: str | None, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    """Mount a file system, or with MS_BIND a file or folder.

    Raises:
        OSError: the kernel or the container runtime does not allow it.
    """
    arguments = [value.encode() if value is not None else None for value in (source, target, kind, data)]
    result = _libc.mount(arguments[0], arguments[1], arguments[2], ctypes.c_ulong(flags), arguments[3])
    _check(result, f"mount {target}")


def _write(path: str, content: str) -> None:
    with open(path, "w") as file:
        file.write(content)
