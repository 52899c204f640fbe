"""Zips that could do harm are refused with nothing written; all others are unpacked as they are."""

import io
import os
import stat
import struct
import tempfile
import uuid
import warnings
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline_emulator.lambda_runtime import archive_layout, archives, code_folders
from pipeline_emulator.lambda_runtime.archive_layout import RefusedArchiveError

pytestmark = pytest.mark.local_only

LIMIT = 262_144_000
SHARE = settings().max_examples
FILE, FOLDER, LINK = stat.S_IFREG | 0o644, stat.S_IFDIR | 0o755, stat.S_IFLNK | 0o777


@dataclass(frozen=True)
class Item:
    """An entry to write into an archive."""

    name: str
    content: bytes = b"content"
    mode: int = FILE
    method: int = zipfile.ZIP_DEFLATED
    extra: bytes = b""
    attributes: int = 0


def link(name: str, target: str) -> Item:
    return Item(name, target.encode(), LINK)


def folder(name: str) -> Item:
    return Item(name, b"", FOLDER)


def archive(*items: Item) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file, warnings.catch_warnings(action="ignore"):  # of duplicate names
        for item in items:
            info = zipfile.ZipInfo(item.name)
            info.filename = item.name  # with its NUL characters
            info.external_attr = item.mode << 16 | item.attributes
            info.compress_type = item.method
            info.extra = item.extra
            file.writestr(info, item.content)
    return buffer.getvalue()


def altered(
    data: bytes, *, central: Mapping[int, bytes] | None = None, local: Mapping[int, bytes] | None = None
) -> bytes:
    """Overwrite bytes of the first entry's headers, at offsets from their starts."""
    changed = bytearray(data)
    for signature, changes in ((b"PK\1\2", central), (b"PK\3\4", local)):
        start = data.index(signature)
        for offset, value in (changes or {}).items():
            changed[start + offset : start + offset + len(value)] = value
    return bytes(changed)


def both(data: bytes, field: int, value: bytes) -> bytes:
    """Overwrite a field, given by its offset in the central header, in both headers alike."""
    return altered(data, central={field: value}, local={field - 2: value})


def extra(tag: int, data: bytes) -> bytes:
    return struct.pack("<HH", tag, len(data)) + data


def number(value: int) -> bytes:
    return struct.pack("<L", value)


FLAGS, METHOD, CHECKSUM, PACKED, SIZE = 8, 10, 16, 20, 24  # offsets in a central header
ZEROS = Item("zeros", bytes(10_000_000))
STORED = Item("stored", b"0123456789", method=zipfile.ZIP_STORED)
ASI = struct.Struct("<LHLHH")

HARMFUL = {
    "absolute": archive(Item("/tmp/x")),
    "absolute, two slashes": archive(Item("//tmp/x")),
    "absolute folder": archive(folder("/")),
    "absolute link": archive(link("/tmp/x", "y")),
    "climbs": archive(Item("../x")),
    "climbs in the middle": archive(Item("a/../../x")),
    "climbs and comes back": archive(Item("a/../x")),
    "climbs as a folder": archive(folder("../x/")),
    "climbs at the end": archive(folder("a/../..")),
    "climbs by backslashes": archive(Item("..\\x")),
    "climbs by both": archive(Item("a\\../..\\x")),
    "drive": archive(Item("C:/x")),
    "drive, backslash": archive(Item("C:\\x")),
    "drive, relative": archive(Item("c:x")),
    "share": archive(Item("\\\\server\\share\\x")),
    "backslash first": archive(Item("\\x")),
    "Unicode name climbs": archive(Item("abc", extra=extra(0x7075, b"\1" + number(zlib.crc32(b"abc")) + b"../x"))),
    "NUL": archive(Item("x\0.py")),
    "NUL first": archive(Item("\0x")),
    "NUL in the Unicode name": archive(Item("abc", extra=extra(0x7075, b"\1" + number(zlib.crc32(b"abc")) + b"x\0y"))),
    "name too long": archive(Item("x" * 256)),
    "path too long": archive(Item("x/" * 2_100 + "x")),
    "no name": archive(Item(".")),
    "link to an absolute path": archive(link("x", "/etc/passwd")),
    "link up": archive(link("x", "..")),
    "link up from a folder": archive(link("a/x", "../../y")),
    "link up past a name that is missing": archive(link("x", "missing/../../y")),
    "link through a link": archive(link("a/b/up", "../.."), link("x", "a/b/up/../y")),
    "link through a later link": archive(link("x", "deep/../y"), link("deep", ".")),
    "link through two links": archive(link("a", "b/.."), link("b", "c"), folder("c/"), link("c/d", "../a/../x")),
    "link with backslashes": archive(link("x", "..\\..\\y")),
    "link with a drive": archive(link("x", "C:/y")),
    "link with a NUL": archive(link("x", "y\0z")),
    "link to nothing": archive(link("x", "")),
    "link in a circle": archive(link("x", "y"), link("y", "x")),
    "link to itself": archive(link("x", "x/y")),
    "link with a long target": archive(link("x", "y" * 5_000)),
    "link with a slash": archive(Item("x/", b"y", LINK)),
    "file through a link": archive(link("x", "/tmp"), Item("x/y")),
    "file through a link inside": archive(folder("a/"), link("x", "a"), Item("x/y")),
    "file through a later link": archive(Item("x/y"), folder("a/"), link("x", "a")),
    "hard link (PKWARE)": archive(Item("x", extra=extra(0x000D, bytes(12) + b"/etc/passwd"))),
    "hard link (ASi)": archive(Item("x", extra=extra(0x756E, ASI.pack(0, FILE, 0, 0, 0) + b"/etc/passwd"))),
    "device (ASi)": archive(Item("x", extra=extra(0x756E, ASI.pack(0, stat.S_IFBLK, 0x801, 0, 0)))),
    "setuid (ASi)": archive(Item("x", extra=extra(0x756E, ASI.pack(0, FILE | stat.S_ISUID, 0, 0, 0)))),
    "character device": archive(Item("x", b"", stat.S_IFCHR | 0o666)),
    "block device": archive(Item("x", b"", stat.S_IFBLK | 0o666)),
    "FIFO": archive(Item("x", b"", stat.S_IFIFO | 0o666)),
    "socket": archive(Item("x", b"", stat.S_IFSOCK | 0o666)),
    "unknown type": archive(Item("x", b"", 0o130_644)),
    "setuid": archive(Item("x", mode=FILE | stat.S_ISUID)),
    "setgid": archive(Item("x", mode=FILE | stat.S_ISGID)),
    "setuid without a type": archive(Item("x", mode=0o4755)),
    "setuid folder": archive(Item("x/", b"", FOLDER | stat.S_ISUID)),
    "all bits": archive(Item("x", mode=0xFFFF)),
    "twice": archive(Item("x"), Item("x", b"other")),
    "twice, two slashes": archive(Item("a/b"), Item("a//b")),
    "twice, dot in the middle": archive(Item("a/b"), Item("a/./b")),
    "twice, dot first": archive(Item("./a"), Item("a")),
    "folder twice": archive(folder("a/"), folder("./a/")),
    "root twice": archive(folder("./"), folder("././")),
    "link and file": archive(link("x", "y"), Item("x")),
    "file and folder": archive(Item("x"), folder("x/")),
    "folder and file": archive(folder("x/"), Item("x")),
    "file with children": archive(Item("x"), Item("x/y")),
    "children of a file": archive(Item("x/y"), Item("x")),
    "file with a slash": archive(Item("x/", b"", FILE)),
    "folder without a slash": archive(Item("x", b"", FOLDER)),
    "DOS folder without a slash": archive(Item("x", b"", 0, attributes=0x10)),
    "folder with content": archive(Item("x/", b"y", FOLDER)),
    "more than declared": both(both(archive(ZEROS), SIZE, number(10)), CHECKSUM, number(zlib.crc32(bytes(10)))),
    "less than declared": both(archive(Item("x")), SIZE, number(8)),
    "stored, more than declared": both(both(archive(STORED), SIZE, number(5)), CHECKSUM, number(zlib.crc32(b"01234"))),
    "stored, less than declared": both(archive(STORED), SIZE, number(11)),
    "packed size too small": both(archive(ZEROS), PACKED, number(100)),
    "packed size too large": both(archive(Item("x")), PACKED, number(1_000)),
    "local header lies about the size": altered(archive(Item("x")), local={SIZE - 2: number(1)}),
    "local header lies about the packed size": altered(archive(Item("x")), local={PACKED - 2: number(1)}),
    "local header lies about the method": altered(archive(Item("x")), local={METHOD - 2: b"\0\0"}),
    "local header has another name": altered(archive(Item("x")), local={30: b"y"}),
    "wrong checksum": both(archive(Item("x")), CHECKSUM, number(1)),
    "overlapping": archive(Item("x"), Item("y")).replace(b"y", b"x"),
    "encrypted": both(archive(Item("x")), FLAGS, b"\1\0"),
    "strongly encrypted": both(archive(Item("x")), FLAGS, b"\x41\0"),
    "encrypted in the local header": altered(archive(Item("x")), local={FLAGS - 2: b"\1\0"}),
    "LZMA": archive(Item("x", method=zipfile.ZIP_LZMA)),
    "bzip2": archive(Item("x", method=zipfile.ZIP_BZIP2)),
    "unknown compression": both(archive(Item("x")), METHOD, b"\x63\0"),
    "damaged deflate stream": archive(Item("x" * 30, b"content")).replace(zlib.compress(b"content")[2:-4], b"\xff" * 9),
    "cut off": archive(Item("x"))[:-30],
    "no Zip": b"content",
    "empty": b"",
}
# None of these is harmful, and all of them occur in practice.
HARMLESS = {
    "ordinary": archive(Item("function.py"), folder("package/"), Item("package/module.py")),
    "without entries": archive(),
    "root": archive(folder("./"), Item("./function.py")),
    "two slashes": archive(Item("a//b")),
    "dots": archive(Item("..."), Item("a..b"), Item(".hidden")),
    "backslash": archive(Item("a\\b")),  # a character as any other, on Linux
    "without modes": archive(Item("function.py", mode=0), Item("package/", b"", 0)),
    "DOS folder": archive(Item("a/", b"", 0, attributes=0x10)),
    "setgid folder, from a shared folder": archive(Item("x/", b"", FOLDER | stat.S_ISGID)),
    "folder with all bits, by Maven": archive(Item("x/", b"", 0xFFFF), Item("x/y")),
    "link to a file": archive(Item("lib/x.so.1"), link("lib/x.so", "x.so.1")),
    "link up, inside": archive(Item("a/x"), link("b/c/y", "../../a/x")),
    "link to the root": archive(link("a/root", "..")),
    "link through a link": archive(Item("a/b/x"), link("c", "a/b"), link("y", "c/../b/x")),
    "dangling link": archive(link("x", "missing/y")),
    "name in Unicode": archive(Item("größe/日本.py")),
    "files of no size": archive(Item("x", b""), Item("y", b"", method=zipfile.ZIP_STORED)),
    "case": archive(Item("readme"), Item("README")),
    "data before it": b"#!/usr/bin/python\n" + archive(Item("__main__.py")),
}


def unpacked(data: bytes, root: Path, limit: int = LIMIT) -> None:
    archives.extract(io.BytesIO(data), root, limit)


def snapshot(top: Path) -> dict[str, tuple[int, bytes | str]]:
    """Return mode and content of everything below a folder, itself included."""
    found: dict[str, tuple[int, bytes | str]] = {}
    for path in (top, *top.rglob("*")):
        content = os.readlink(path) if path.is_symlink() else b"" if path.is_dir() else path.read_bytes()
        mode = LINK if path.is_symlink() else path.stat().st_mode  # a link's own mode depends on the system
        found[str(path.relative_to(top))] = (mode, content)
    return found


@pytest.mark.parametrize("kind", HARMFUL)
def test_harmful_archive_is_refused_and_nothing_is_written(kind: str, tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    before = snapshot(tmp_path)
    with pytest.raises(RefusedArchiveError):
        archives.check(io.BytesIO(HARMFUL[kind]), LIMIT)
    with pytest.raises(RefusedArchiveError):
        unpacked(HARMFUL[kind], tmp_path / "code" / "root")
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("kind", HARMLESS)
def test_harmless_archive_is_unpacked(kind: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(HARMLESS[kind])) as file:
        expected = {os.path.normpath(info.filename): file.read(info) for info in file.infolist()}
    assert archives.check(io.BytesIO(HARMLESS[kind]), LIMIT) == sum(map(len, expected.values()))
    unpacked(HARMLESS[kind], tmp_path / "root")
    found = snapshot(tmp_path / "root")
    assert {name: os.fsencode(found[name][1]) for name in expected} == expected
    assert {mode for mode, _ in found.values()} <= {FILE, FOLDER, LINK}


@pytest.mark.parametrize(
    ("in_archive", "on_disk"),
    [(0o600, 0o644), (0o644, 0o644), (0o666, 0o644), (0, 0o644), (0o700, 0o755), (0o755, 0o755), (0o777, 0o755)],
)
def test_only_the_owner_may_write_and_programs_stay_programs(in_archive: int, on_disk: int, tmp_path: Path) -> None:
    previous = os.umask(0o077)
    try:
        unpacked(archive(Item("a/x", mode=stat.S_IFREG | in_archive)), tmp_path / "root")
    finally:
        os.umask(previous)
    modes = [stat.S_IMODE((tmp_path / "root" / name).stat().st_mode) for name in ("", "a", "a/x")]
    assert modes == [0o755, 0o755, on_disk]


def test_programs_stay_programs_in_read_only_folders(tmp_path: Path) -> None:
    unpacked(
        archive(Item("program", mode=stat.S_IFREG | 0o755), Item("module.py"), link("x", "program")), tmp_path / "a"
    )
    for writable, modes in ((False, [0o555, 0o444, 0o555]), (True, [0o755, 0o644, 0o755])):
        code_folders.set_writable(tmp_path / "a", writable=writable)
        found = [stat.S_IMODE((tmp_path / "a" / name).stat().st_mode) for name in ("program", "module.py", "")]
        assert found == modes


def test_size_is_reported_from_the_declared_sizes_before_anything_is_read(tmp_path: Path) -> None:
    """Core compares it with the limit, and answers in AWS's words."""
    bomb = both(archive(Item("x")), SIZE, number(2**32 - 2))
    assert archives.check(io.BytesIO(bomb), LIMIT) == 2**32 - 2
    with pytest.raises(RefusedArchiveError, match="smaller than 10 bytes"):
        unpacked(archive(Item("x", bytes(4)), Item("y", bytes(6))), tmp_path / "root", limit=10)
    unpacked(archive(Item("x", bytes(4)), Item("y", bytes(5))), tmp_path / "root", limit=10)


def test_archive_with_too_many_folders_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_layout, "MAX_NODES", 100)
    assert archives.check(io.BytesIO(archive(Item("a/" * 99 + "x"))), LIMIT) == 7
    with pytest.raises(RefusedArchiveError, match="more than 100"):
        archives.check(io.BytesIO(archive(Item("a/" * 99 + "x"), Item("b"))), LIMIT)


def test_links_that_take_too_long_to_follow_are_refused() -> None:
    slow = [link("a", "b/../" * 600), *(link(f"x{n}", "a/" * 30) for n in range(200))]
    with pytest.raises(RefusedArchiveError, match="too many or too long"):
        archives.check(io.BytesIO(archive(*slow)), LIMIT)


def test_times_are_those_of_the_archive(tmp_path: Path) -> None:
    unpacked(archive(Item("x", extra=extra(0x5455, b"\1" + number(1_600_000_000)))), tmp_path / "root")
    assert (tmp_path / "root" / "x").stat().st_mtime == 1_600_000_000


PARTS = st.sampled_from(["a", "b", "c", "..", ".", "", "\\..", "C:"])
PATHS = st.lists(PARTS, min_size=1, max_size=4).map("/".join)
SAFE_PATHS = st.lists(st.sampled_from(["a", "b", "c", "d"]), min_size=1, max_size=4).map("/".join)
MODES = st.sampled_from([0, FILE, stat.S_IFREG | 0o4755, stat.S_IFREG | 0o777, stat.S_IFIFO | 0o644])
ITEMS = st.one_of(
    st.builds(Item, PATHS | SAFE_PATHS, st.binary(max_size=9), MODES | st.just(FILE)),
    st.builds(link, PATHS | SAFE_PATHS, PATHS),
    st.builds(folder, (PATHS | SAFE_PATHS).map(lambda name: f"{name}/")),
)


def check_unpacking(data: bytes, expected: list[Item] | None = None) -> bool:
    """Unpack, and return whether the archive was accepted; nothing outside changes, and nothing is made up."""
    with tempfile.TemporaryDirectory() as name:
        outside, root = Path(name), Path(name, "b", "c", "root")
        root.parent.mkdir(parents=True)
        (outside / "a").write_bytes(b"untouched")
        (outside / "b" / "a").symlink_to("../a")
        before = snapshot(outside)
        try:
            refused = archives.check(io.BytesIO(data), LIMIT) >= LIMIT
        except RefusedArchiveError:
            refused = True
        if refused:
            with pytest.raises(RefusedArchiveError):
                unpacked(data, root)
            assert snapshot(outside) == before
            return False
        unpacked(data, root)
        found = snapshot(root)
        for path in root.rglob("*"):
            assert path.resolve().is_relative_to(root.resolve())
        if expected is not None:
            assert found == tree_of(expected)
        root.rename(outside / "moved")
        assert {name: found for name, found in snapshot(outside).items() if not name.startswith("moved")} == before
        return True


def tree_of(items: list[Item]) -> dict[str, tuple[int, bytes | str]]:
    """Return what unpacking the items makes, as `snapshot` does."""
    tree: dict[str, tuple[int, bytes | str]] = {".": (FOLDER, b"")}
    for item in items:
        path = Path(os.path.normpath(item.name))
        tree |= {str(parent): (FOLDER, b"") for parent in path.parents}
        if item.name.endswith("/"):
            tree[str(path)] = (FOLDER, b"")
        elif item.mode == LINK:
            tree[str(path)] = (LINK, item.content.decode())
        else:
            tree[str(path)] = (stat.S_IFREG | (0o755 if item.mode & 0o111 else 0o644), item.content)
    return tree


@pytest.mark.property
@settings(max_examples=3 * SHARE)
@given(st.lists(ITEMS, max_size=6))
def test_nothing_outside_changes_and_what_is_unpacked_is_what_the_archive_says(items: list[Item]) -> None:
    check_unpacking(archive(*items), items)


@pytest.mark.property
@settings(max_examples=SHARE)
@given(st.lists(st.builds(Item, SAFE_PATHS.map(lambda path: f"x/{path}.py"), st.binary(max_size=9)), unique_by=str))
def test_ordinary_archives_are_accepted(items: list[Item]) -> None:
    ordinary = list({item.name: item for item in items}.values())
    assert check_unpacking(archive(*ordinary, link("x/latest", "../x")), [*ordinary, link("x/latest", "../x")])


BASE = archive(Item("a/x.py"), folder("b/"), link("b/y", "../a/x.py"), STORED)


@pytest.mark.filterwarnings("ignore::UserWarning")  # zipfile's, about strange fields
@pytest.mark.property
@settings(max_examples=5 * SHARE)
@given(st.lists(st.tuples(st.integers(0, len(BASE) - 1), st.integers(0, 255)), min_size=1, max_size=4))
def test_damaged_archives_are_refused_or_harmless(changes: list[tuple[int, int]]) -> None:
    data = bytearray(BASE)
    for place, value in changes:
        data[place] = value
    check_unpacking(bytes(data))


# Through the API.

SAYS = """
import os, subprocess
def handler(event, context):
    return [open("lib/link").read(), subprocess.run("bin/program", capture_output=True, text=True).stdout,
            oct(os.stat("bin/program").st_mode & 0o222)]
"""
CALLS = ("create_function", "update_function_code", "publish_layer_version")


@pytest.fixture
def send(localstack: Any, create_function: Callable[..., Any], create_bucket: Callable[[], str]) -> Callable[..., Any]:
    """Return a function that passes an archive to an operation of Lambda, in the request or by S3."""
    function = create_function("def handler(event, context):\n    return 'old'")
    client = localstack.client("lambda")

    def pass_on(operation: str, data: bytes, by: str) -> Any:
        code: dict[str, Any] = {"ZipFile": data}
        if by == "S3":
            code = {"S3Bucket": create_bucket(), "S3Key": "code.zip"}
            localstack.client("s3").put_object(Bucket=code["S3Bucket"], Key=code["S3Key"], Body=data)
        if operation == "update_function_code":
            return client.update_function_code(FunctionName=function.name, **code)
        if operation == "publish_layer_version":
            return client.publish_layer_version(LayerName=f"{function.name}-layer", Content=code)
        definition = {"Role": function.role_arn, "Runtime": "python3.13", "Handler": "function.handler"}
        return client.create_function(FunctionName=f"{function.name}-new", Code=code, **definition)

    return pass_on


def everything(localstack: Any) -> Any:
    """Return Lambda's functions, with the checksums of their code, and its layers."""
    client = localstack.client("lambda")
    functions = [(each["FunctionName"], each["CodeSha256"]) for each in client.list_functions()["Functions"]]
    return functions, client.list_layers()["Layers"]


@pytest.mark.variants
@pytest.mark.parametrize("by", ["request", "S3"])
@pytest.mark.parametrize("operation", CALLS)
def test_lambda_refuses_links_out_of_the_archive(
    operation: str, by: str, localstack: Any, send: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("untouched")
    (tmp_path / "secret").chmod(0o600)
    before = snapshot(tmp_path)
    functions = everything(localstack)
    # Core's chmod follows the first one, and a file is written through the second one.
    for items in ([link("out", str(tmp_path))], [link("out", str(tmp_path)), Item("out/secret", b"written")]):
        with pytest.raises(ClientError) as refused:
            send(operation, archive(Item("function.py", b""), *items), by)
        error = refused.value.response["Error"]
        assert error["Code"] == "InvalidParameterValueException"
        assert error["Message"].startswith("Could not unzip uploaded file.")
        assert "'out" in error["Message"]
    assert snapshot(tmp_path) == before
    assert everything(localstack) == functions


@pytest.mark.parametrize("kind", ["climbs", "setuid", "twice", "more than declared", "encrypted", "no Zip"])
def test_lambda_refuses_other_harmful_archives(kind: str, send: Callable[..., Any]) -> None:
    with pytest.raises(ClientError, match="Could not unzip uploaded file") as refused:
        send("update_function_code", HARMFUL[kind], "request")
    assert refused.value.response["Error"]["Code"] == "InvalidParameterValueException"


@pytest.mark.parametrize("operation", CALLS)
def test_lambda_refuses_bombs_in_the_words_of_aws(operation: str, send: Callable[..., Any]) -> None:
    bomb = both(archive(Item("x")), SIZE, number(LIMIT))
    with pytest.raises(ClientError, match=f"Unzipped size must be smaller than {LIMIT} bytes"):
        send(operation, bomb, "request")


def test_layers_count_with_the_code(localstack: Any, send: Callable[..., Any]) -> None:
    client = localstack.client("lambda")
    layer = send("publish_layer_version", archive(Item("x", bytes(LIMIT // 2))), "request")["LayerVersionArn"]
    too_large = archive(Item("x", bytes(LIMIT // 2 + 1)))
    role = client.list_functions()["Functions"][0]["Role"]
    definition = {"Role": role, "Runtime": "python3.13", "Handler": "function.handler", "Layers": [layer]}
    name = f"function-{uuid.uuid4().hex[:8]}"
    words = f"combined with layers exceeds the maximum allowed size of {LIMIT} bytes. The actual size is {LIMIT + 1} "
    with pytest.raises(ClientError, match=words):
        client.create_function(FunctionName=name, Code={"ZipFile": too_large}, **definition)
    function = send("update_function_code", too_large, "request")["FunctionName"]
    client.get_waiter("function_updated").wait(FunctionName=function)
    with pytest.raises(ClientError, match=words):
        client.update_function_configuration(FunctionName=function, Layers=[layer])
    client.create_function(FunctionName=name, Code={"ZipFile": archive(Item("function.py"))}, **definition)
    try:
        client.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})
        with pytest.raises(ClientError, match=words):
            client.update_function_code(FunctionName=name, ZipFile=too_large)
    finally:
        client.delete_function(FunctionName=name)


def test_links_inside_and_programs_work(create_function: Callable[..., Any]) -> None:
    program = Item("bin/program", b"#!/bin/sh\necho ran\n", stat.S_IFREG | 0o755)
    code = archive(Item("function.py", SAYS.encode()), Item("lib/x"), link("lib/link", "../lib/x"), program)
    assert create_function(Code={"ZipFile": code}).invoke().payload == ["content", "ran\n", "0o200"]
