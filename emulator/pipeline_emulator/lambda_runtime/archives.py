"""The one place that unpacks Zips: function code, layers, and code from S3.

Zips come from whoever may call Lambda, and LocalStack unpacks them as its own user. `unzip`, which core calls, writes
through an archive's symbolic links, and core then changes the modes of what they point to.
"""

import copy
import os
import shutil
import struct
import tempfile
import time
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO
from zipfile import ZipFile, ZipInfo

from pipeline_emulator.lambda_runtime.archive_layout import (
    MAX_TARGET_BYTES,
    Kind,
    Layout,
    RefusedArchiveError,
    extra_fields,
    refused,
)

_CHUNK = 2**18
_ENCRYPTED = 0x1 | 0x40 | 0x2000  # flags: encrypted, strongly encrypted, names hidden
_SIZES_FOLLOW = 0x8  # flag: the sizes stand behind the data, not in the local header
_IN_ZIP64_FIELD = 0xFFFF_FFFF
_LOCAL_HEADER = struct.Struct("<4s2B4HL2L2H")
_TIMES = 0x5455


def check(archive: IO[bytes], limit: int) -> int:
    """Return the unpacked size in bytes. If it is below `limit`, everything has been read and found harmless.

    Raises:
        RefusedArchiveError: The archive is damaged, or unpacking it could do harm.
    """
    with _opened(archive) as file:
        size = _declared_size(file)
        if size < limit:
            layout = _layout(file)
            for entry in layout.entries:
                for _ in _content(file, entry.info):
                    pass
    return size


def extract(archive: IO[bytes], folder: Path, limit: int) -> None:
    """Unpack an archive into a new folder, which appears complete or not at all. Its parent must exist.

    Files and folders are for everybody to read, files with an x bit to execute, and the owner's to write.

    Raises:
        RefusedArchiveError: As for `check`, or the archive is not smaller than `limit` bytes.
    """
    staging = Path(tempfile.mkdtemp(dir=folder.parent))
    try:
        with _opened(archive) as file:
            _write(file, staging, limit)
        staging.chmod(0o755)
        staging.rename(folder)
    except BaseException:
        shutil.rmtree(staging)
        raise


@contextmanager
def unpacked(archive: IO[bytes], limit: int) -> Iterator[Path]:
    """Unpack an archive into a folder while the context lasts. Raises what `extract` does."""
    with tempfile.TemporaryDirectory(prefix="unpacked-") as name:
        folder = Path(name, "content")
        extract(archive, folder, limit)
        yield folder


@contextmanager
def _opened(archive: IO[bytes]) -> Iterator[ZipFile]:
    """Open an archive, and turn what `zipfile` and `zlib` raise into `RefusedArchiveError`."""
    try:
        with ZipFile(archive) as file:
            yield file
    except RefusedArchiveError:
        raise
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError, ValueError, OverflowError) as error:
        raise RefusedArchiveError(f"it is damaged: {error}") from error


def _layout(file: ZipFile) -> Layout:
    """Check names, modes and links."""
    layout = Layout(file.infolist())
    for entry in layout.entries:
        if entry.kind is Kind.LINK:
            if entry.info.file_size > MAX_TARGET_BYTES:
                raise refused(entry.info, "is a symbolic link whose target is too long")
            entry.node.target = os.fsdecode(b"".join(_content(file, entry.info)))
    layout.check_links()
    return layout


def _declared_size(file: ZipFile) -> int:
    return sum(info.file_size for info in file.infolist())


def _write(file: ZipFile, root: Path, limit: int) -> None:
    """Write everything below `root`, the links last: until then no path can lead through one."""
    if _declared_size(file) >= limit:
        raise RefusedArchiveError(f"its unzipped size must be smaller than {limit} bytes")
    layout = _layout(file)
    for entry in layout.entries:
        path = root.joinpath(*entry.parts)
        if entry.kind is Kind.FOLDER:
            _make_folder(path)
            for _ in _content(file, entry.info):  # nothing, or it is refused
                pass
        elif entry.kind is Kind.FILE:
            _make_folder(path.parent)
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as target:
                target.writelines(_content(file, entry.info))
                os.fchmod(target.fileno(), entry.mode)
            _set_time(path, entry.info)
    links = [entry for entry in layout.entries if entry.kind is Kind.LINK]
    for entry in links:
        _make_folder(root.joinpath(*entry.parts[:-1]))
        root.joinpath(*entry.parts).symlink_to(entry.node.target)
    for entry in links:  # once more as the file system sees it: on macOS, names that differ in case are the same
        if not Path(os.path.realpath(root.joinpath(*entry.parts))).is_relative_to(os.path.realpath(root)):
            raise refused(entry.info, "is a symbolic link out of the folder")


def _make_folder(path: Path) -> None:
    missing = []
    while not path.exists():
        missing.append(path)
        path = path.parent
    for folder in reversed(missing):
        folder.mkdir()
        folder.chmod(0o755)  # whatever the umask


def _content(file: ZipFile, info: ZipInfo) -> Iterator[bytes]:
    """Yield an entry's content in pieces, and check it against its sizes and checksum.

    `zipfile` stops at the declared size, so it does not notice data behind it.
    """
    _check_headers(file, info)
    size = checksum = 0
    for piece in _unpacked(file, info):
        size += len(piece)
        if size > info.file_size:
            break
        checksum = zlib.crc32(piece, checksum)
        yield piece
    if size != info.file_size or checksum != info.CRC:
        raise refused(info, "does not have the declared size or checksum")


def _check_headers(file: ZipFile, info: ZipInfo) -> None:
    """Check that both headers of an entry say the same. `ZipFile.open` compares only the names."""
    if info.flag_bits & _ENCRYPTED:
        raise refused(info, "is encrypted")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise refused(info, "is neither stored nor deflated")
    assert file.fp is not None  # it is open
    file.fp.seek(info.header_offset)
    _, _, _, flags, method, _, _, checksum, packed, size, _, _ = _LOCAL_HEADER.unpack(file.fp.read(_LOCAL_HEADER.size))
    if flags & _ENCRYPTED or method != info.compress_type:
        raise refused(info, "has two different headers")
    expected = (info.CRC, info.compress_size, info.file_size)
    for declared, right in zip((checksum, packed, size), expected, strict=True):
        if not flags & _SIZES_FOLLOW and declared not in (right, _IN_ZIP64_FIELD):
            raise refused(info, "has two different sizes or checksums")


def _unpacked(file: ZipFile, info: ZipInfo) -> Iterator[bytes]:
    """Yield what the compressed data really are, a quarter of a megabyte at most at a time."""
    with _open_packed(file, info) as source:
        if info.compress_type == zipfile.ZIP_STORED:
            yield from iter(lambda: source.read(_CHUNK), b"")
            return
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        while not inflater.eof and (data := source.read(_CHUNK)):
            piece = inflater.decompress(data, _CHUNK)
            yield piece
            while inflater.unconsumed_tail or len(piece) == _CHUNK:
                piece = inflater.decompress(inflater.unconsumed_tail, _CHUNK)
                yield piece
        if inflater.unused_data or source.read(1) or not (inflater.eof or info.compress_size == 0):
            raise refused(info, "does not have the declared compressed size")


def _open_packed(file: ZipFile, info: ZipInfo) -> IO[bytes]:
    """Open the compressed data: `zipfile` reads an entry that is stored, and checks no checksum if there is none."""
    packed = copy.copy(info)
    packed.compress_type = zipfile.ZIP_STORED
    packed.file_size = info.compress_size
    del packed.CRC
    return file.open(packed)


def _set_time(path: Path, info: ZipInfo) -> None:
    """Set the time of the last change: compiled files in the archive are valid for that of their source."""
    with suppress(ValueError, OverflowError):  # not a date
        seconds = time.mktime((*info.date_time, 0, 0, -1))
        for tag, data in extra_fields(info):
            if tag == _TIMES and len(data) >= 5 and data[0] & 1:
                seconds = float(struct.unpack_from("<i", data, 1)[0])
        os.utime(path, (seconds, seconds))
