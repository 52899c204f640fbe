"""The names, modes and symbolic links of a Zip, judged without touching the file system.

The model is tarfile's `data_filter` (PEP 706); the standard library has none for Zips. What it would silently change,
such as a leading slash, is refused here, and links are followed through the links of the same archive.
"""

import dataclasses
import enum
import re
import stat
import struct
from collections.abc import Iterator
from pathlib import PureWindowsPath
from zipfile import ZipInfo

MAX_NODES = 200_000  # files and folders; AWS documents no limit, but each takes an inode and memory here
MAX_TARGET_BYTES = 4_095  # of a symbolic link, Linux's PATH_MAX without the final NUL
_MAX_NAME_BYTES = 255
_MAX_PATH_BYTES = MAX_TARGET_BYTES - len("/var/task/")
_MAX_LINKS_FOLLOWED = 40  # as in Linux
_MAX_STEPS = 2_000_000  # of following all links: some 300 ms
_DOS_FOLDER = 0x10
_ALL_BITS = 0xFFFF  # a folder's mode in archives by older versions of Maven: none
# https://libzip.org/specifications/extrafld.txt
_PKWARE_UNIX, _ASI_UNIX, _UNICODE_PATH = 0x000D, 0x756E, 0x7075


class RefusedArchiveError(ValueError):
    """The archive is not unpacked; the message says why."""


class Kind(enum.Enum):
    """What an entry is."""

    FILE = "file"
    FOLDER = "folder"
    LINK = "symbolic link"


@dataclasses.dataclass
class Node:
    """A file, folder or link in the tree that the archive describes."""

    kind: Kind = Kind.FOLDER
    target: str = ""
    explicit: bool = False  # it has an entry of its own
    children: dict[str, "Node"] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Entry:
    """An entry whose name and mode are harmless. `parts` is empty for the root itself."""

    info: ZipInfo
    parts: tuple[str, ...]
    kind: Kind
    node: Node

    @property
    def mode(self) -> int:
        """Return its permissions: those that every user needs, and the owner's to write."""
        executable = self.kind is Kind.FOLDER or self.info.external_attr >> 16 & 0o111
        return 0o755 if executable else 0o644


class Layout:
    """The tree that an archive describes.

    Raises:
        RefusedArchiveError: Names or modes are not those of an ordinary archive.
    """

    def __init__(self, infos: list[ZipInfo]) -> None:
        self._root = Node()
        self._nodes = 0
        self._steps = 0
        self.entries = [self._add(info) for info in infos]

    def check_links(self) -> None:
        """Check that every link stays inside, after their targets have been read into the nodes."""
        for entry in self.entries:
            if entry.kind is Kind.LINK:
                self._follow(entry)

    def _add(self, info: ZipInfo) -> Entry:
        parts, kind = _parts(info), _kind(info)
        node = self._root
        for part in parts[:-1]:
            node = self._child(node, part)
            if node.kind is not Kind.FOLDER:
                raise refused(info, f"is below a {node.kind.value}")
        if parts:
            node = self._child(node, parts[-1])
        elif kind is not Kind.FOLDER:
            raise refused(info, "has no name")
        if node.explicit:
            raise refused(info, "occurs twice")
        if node.children and kind is not Kind.FOLDER:
            raise refused(info, "is both a file and a folder")
        node.kind, node.explicit = kind, True
        return Entry(info, parts, kind, node)

    def _child(self, node: Node, name: str) -> Node:
        if name not in node.children:
            self._nodes += 1
            if self._nodes > MAX_NODES:
                raise RefusedArchiveError(f"it has more than {MAX_NODES} files and folders")
            node.children[name] = Node()
        return node.children[name]

    def _follow(self, entry: Entry) -> None:
        """Walk along a link's target as the kernel would. Names that the archive lacks count as folders."""
        path = [self._root]
        for part in entry.parts[:-1]:
            path.append(path[-1].children[part])
        todo = _target_parts(entry)
        links = 0
        while todo:
            self._steps += 1
            if self._steps > _MAX_STEPS:
                raise RefusedArchiveError("its symbolic links are too many or too long")
            part = todo.pop()
            if part == "..":
                path.pop()
                if not path:
                    raise refused(entry.info, f"is a symbolic link out of the folder, to {entry.node.target!r}")
                continue
            node = path[-1].children.get(part) or Node()
            if node.kind is not Kind.LINK:
                path.append(node)
                continue
            links += 1
            if links > _MAX_LINKS_FOLLOWED:
                raise refused(entry.info, "is a symbolic link in a circle")
            todo += _split(node.target)


def refused(info: ZipInfo, problem: str) -> RefusedArchiveError:
    """Return an error that names an entry."""
    name = info.orig_filename
    return RefusedArchiveError(f"{name if len(name) <= 200 else name[:200] + '…'!r} {problem}")


def _parts(info: ZipInfo) -> tuple[str, ...]:
    """Return the parts of an entry's name without empty ones and dots."""
    for name in (info.orig_filename, info.filename):  # they differ if an extra field has a name in Unicode
        if "\0" in name:
            raise refused(info, "has a NUL character in its name")
        if PureWindowsPath(name).anchor:
            raise refused(info, "has an absolute name or a drive")
        if ".." in re.split(r"[/\\]", name):
            raise refused(info, "has '..' in its name")
    parts = tuple(part for part in info.filename.split("/") if part not in ("", "."))
    if len(info.filename.encode()) > _MAX_PATH_BYTES or any(len(part.encode()) > _MAX_NAME_BYTES for part in parts):
        raise refused(info, "has a name that is too long")
    return parts


def _kind(info: ZipInfo) -> Kind:
    is_folder = info.filename.endswith("/")
    mode = _mode(info, is_folder)
    if mode & (stat.S_ISUID | stat.S_ISGID):
        raise refused(info, "has the setuid or setgid bit")
    for tag, data in extra_fields(info):
        # Both have a fixed part, and after it the target of a hard link or the number of a device.
        if (tag == _PKWARE_UNIX and len(data) > 12) or (tag == _ASI_UNIX and (len(data) != 14 or any(data[6:10]))):
            raise refused(info, "is a link or device in an extra field")
        if tag == _ASI_UNIX:
            mode_too = struct.unpack_from("<H", data, 4)[0]
            if mode_too & (stat.S_ISUID | stat.S_ISGID) or stat.S_IFMT(mode_too) not in (0, stat.S_IFMT(mode)):
                raise refused(info, "has two modes")
        if tag == _UNICODE_PATH and b"\0" in data[5:]:
            raise refused(info, "has a NUL character in its name")
    kind = stat.S_IFMT(mode)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK):
        raise refused(info, "is a device, FIFO or socket")
    says_folder = kind == stat.S_IFDIR or (kind == 0 and info.external_attr & _DOS_FOLDER)
    if (says_folder and not is_folder) or (is_folder and kind not in (0, stat.S_IFDIR)):
        raise refused(info, "is both a file and a folder")
    if is_folder and info.file_size:
        raise refused(info, "is a folder with content")
    if kind == stat.S_IFLNK:
        return Kind.LINK
    return Kind.FOLDER if is_folder else Kind.FILE


def _mode(info: ZipInfo, is_folder: bool) -> int:
    """Return an entry's mode, without what many archives of Java and of shared folders say of folders.

    There, setgid grants nothing: new files get the folder's group. It is not kept either.
    """
    mode = info.external_attr >> 16
    if is_folder:
        return 0 if mode == _ALL_BITS else mode & ~stat.S_ISGID
    return mode


def extra_fields(info: ZipInfo) -> Iterator[tuple[int, bytes]]:
    """Yield the extra fields of an entry, as tag and data. `ZipFile` has refused those that are cut off."""
    rest = info.extra
    while len(rest) >= 4:
        tag, length = struct.unpack_from("<HH", rest)
        yield tag, rest[4 : 4 + length]
        rest = rest[4 + length :]


def _target_parts(entry: Entry) -> list[str]:
    target = entry.node.target
    if not target or "\0" in target or "\\" in target or PureWindowsPath(target).anchor:
        raise refused(entry.info, f"is a symbolic link to {target!r}; only relative ones are allowed")
    return _split(target)


def _split(target: str) -> list[str]:
    """Return the parts of a link's target, the last one first."""
    return [part for part in reversed(target.split("/")) if part not in ("", ".")]
