"""The root file system of a function: what it needs of this machine, read-only, and a /tmp of its own.

It is built at /tmp of a mount namespace of its own. The first process of each PID namespace then makes it the root.
"""

import contextlib
import os
import stat

from pipeline_emulator.sandbox import linux

ROOT = "/tmp"  # noqa: S108 - exists everywhere; the machine's own /tmp stays as it is, outside the namespace
# A file takes a kibibyte of the kernel's memory even if it is empty.
_BYTES_PER_FILE = 4096
_DEVICES = ("null", "zero", "full", "random", "urandom")
_LINKS = {"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2"}
_USERS = f"""root:x:0:0:root:/root:/sbin/nologin
sbx_user1051:x:{linux.FUNCTION_UID}:{linux.FUNCTION_GID}::/tmp:/sbin/nologin
"""
_GROUPS = f"""root:x:0:
sbx_user1051:x:{linux.FUNCTION_GID}:
"""


def build(shown: list[list[str]], tmp_bytes: int, uid: int, gid: int) -> None:
    """Build the file system in a new mount namespace.

    Args:
        shown: pairs of a file, folder or link of this machine, and where the function sees it; parents first. What
            does not exist is left out.
        tmp_bytes: size of /tmp.
        uid: owner of /tmp, as this process sees it.
        gid: its group.

    Raises:
        OSError: the kernel or the container runtime does not allow it.
    """
    os.umask(0o022)
    linux.own_mounts()
    # Handles opened now still reach what the new file system hides.
    handles = [(handle, target) for source, target in shown if (handle := _open(source)) is not None]
    devices = [(_open(f"/dev/{name}"), f"/dev/{name}") for name in _DEVICES]
    linux.mount("tmpfs", ROOT, "tmpfs", linux.MS_NOSUID | linux.MS_NODEV, "size=1m,mode=0755")
    for folder in ("/tmp", "/proc", "/dev", "/etc", "/opt"):  # noqa: S108
        os.makedirs(f"{ROOT}{folder}", mode=0o755)
    for name, content in (("passwd", _USERS), ("group", _GROUPS)):
        with open(f"{ROOT}/etc/{name}", "w") as file:
            file.write(content)
    for name, target in _LINKS.items():
        os.symlink(target, f"{ROOT}/dev/{name}")
    for _, target in devices:
        _touch(f"{ROOT}{target}")
    for handle, target in handles:
        _show(handle, f"{ROOT}{target}")
    linux.make_read_only(ROOT)
    for handle, target in devices:  # only now: the others may not contain devices
        if handle is not None:
            _bind(handle, f"{ROOT}{target}")
    options = f"size={tmp_bytes},nr_inodes={tmp_bytes // _BYTES_PER_FILE},mode=0700,uid={uid},gid={gid}"
    linux.mount("tmpfs", f"{ROOT}/tmp", "tmpfs", linux.MS_NOSUID | linux.MS_NODEV, options)  # noqa: S108


def enter() -> int | None:
    """Make it the root, with a /proc that shows this PID namespace only; call it in the namespace's first process.

    Returns:
        A handle of /proc/sys that can be written, or None if /proc is empty: container runtimes that mask parts of
        /proc allow ordinary users to mount none.

    Raises:
        OSError: the kernel or the container runtime does not allow it.
    """
    settings = None
    with contextlib.suppress(OSError):
        linux.mount("proc", f"{ROOT}/proc", "proc", linux.MS_NOSUID | linux.MS_NODEV | linux.MS_NOEXEC)
        settings = os.open(f"{ROOT}/proc/sys", os.O_PATH | os.O_CLOEXEC)
        linux.mount(f"{ROOT}/proc/sys", f"{ROOT}/proc/sys", None, linux.MS_BIND | linux.MS_REC)
        linux.make_read_only(f"{ROOT}/proc/sys")
    linux.change_root(ROOT)
    return settings


def _open(path: str) -> int | None:
    with contextlib.suppress(OSError):
        return os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
    return None


def _show(handle: int, target: str) -> None:
    """Bind a file or folder, or copy a link. What is shown already stays as it is, but a file covers a file."""
    mode = os.fstat(handle).st_mode
    if stat.S_ISREG(mode) and os.path.isfile(target) and not os.path.islink(target):
        _bind(handle, target)
        linux.make_read_only(target)
    elif not os.path.lexists(target):
        os.makedirs(os.path.dirname(target), mode=0o755, exist_ok=True)
        if stat.S_ISLNK(mode):
            os.symlink(os.readlink("", dir_fd=handle), target)
        else:
            os.mkdir(target, mode=0o755) if stat.S_ISDIR(mode) else _touch(target)
            _bind(handle, target)
            linux.make_read_only(target)  # now: what follows must not create anything in it
    os.close(handle)


def _bind(handle: int, target: str) -> None:
    linux.mount(f"/proc/self/fd/{handle}", target, None, linux.MS_BIND | linux.MS_REC)


def _touch(path: str) -> None:
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o644))
