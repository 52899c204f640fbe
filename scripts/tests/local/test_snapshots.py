"""Files of snapshots: whole or not there, for this user alone, and refused where they do not fit."""

from __future__ import annotations

import io
import os
import stat
from dataclasses import asdict
from pathlib import Path

import pytest

from harness.errors import HarnessError
from harness.local.snapshots import file as files
from harness.local.snapshots import listing, loading, saving, store, versions
from harness.local.snapshots.file import Manifest, Writer
from harness.machine import engine, ports
from harness.pipeline import definition
from harness.stack import emulator_state
from harness.stack import state as stacks
from harness.stack.state import EMBEDDED, Stack


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "SNAPSHOTS", tmp_path / ".snapshots")
    monkeypatch.setattr(stacks, "STACKS", tmp_path / ".local")
    monkeypatch.setattr(engine, "missing", lambda: "no engine")
    for name in ("RUNTIME", "LOCALSTACK_PORT", "PERSISTENCE"):
        monkeypatch.delenv(name, raising=False)


def _stack(**changes: object) -> Stack:
    return Stack(**{"name": "local", "project_id": "local", "port": 4566, "runtime": EMBEDDED, **changes})  # type: ignore[arg-type]


def _manifest(stack: Stack) -> Manifest:
    return Manifest(definition.current().name, 0.0, versions.of(stack), asdict(stack))


def _saved(name: str = "monday", stack: Stack | None = None, tree: Path | None = None, **changes: object) -> Path:
    """Save a snapshot whose emulator's state is three bytes."""
    manifest = _manifest(stack or _stack())
    for key, value in changes.items():
        setattr(manifest, key, value)
    with store.new(name) as file:
        writer = Writer(file)
        writer.add(files.EMULATOR, 3, io.BytesIO(b"abc"))
        if tree:
            manifest.links = writer.add_tree(tree, f"{files.FOLDER}/terraform")
        writer.finish(manifest)
    return store.path(name)


def test_only_this_user_can_read_it() -> None:
    path = _saved()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("name", ["", "..", "a/b", "../up", "-x", ".hidden", "a b", "ä", "x" * 65, "a\n"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    for use in (store.path, store.existing, listing.remove):
        with pytest.raises(HarnessError, match="name"):
            use(name)


def test_a_missing_one_is_refused_with_those_that_exist() -> None:
    _saved("monday")
    with pytest.raises(HarnessError, match="no snapshot friday") as error:
        store.existing("friday")
    assert "monday" in error.value.next_step


def test_one_that_others_can_change_is_refused() -> None:
    path = _saved()
    path.chmod(0o660)
    with pytest.raises(HarnessError, match="changed by other users"):
        store.existing("monday")


def _interrupt(_written: int) -> None:
    raise KeyboardInterrupt


def test_an_interrupted_save_leaves_the_former_one() -> None:
    before = _saved().read_bytes()
    with pytest.raises(KeyboardInterrupt), store.new("monday") as file:
        _interrupt(file.write(b"half"))
    assert store.path("monday").read_bytes() == before
    assert [each.name for each in store.path("monday").parent.iterdir()] == ["monday.snapshot"]


def test_what_a_killed_save_left_is_removed_by_the_next() -> None:
    folder = _saved().parent
    left = folder / f".{2**22 + 1}.unfinished"  # above the largest process id
    left.write_bytes(b"half")
    _saved("friday")
    assert not left.exists()


def test_a_full_disk_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_file: int) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(HarnessError, match="No space left") as error:
        _saved()
    assert "DELETE=" in error.value.next_step
    assert store.names() == []


def test_content_comes_back(tmp_path: Path) -> None:
    tree, provider = tmp_path / "tree", tmp_path / "provider"
    (tree / "inner").mkdir(parents=True)
    (tree / "inner" / "main.tf").write_text("text")
    (tree / "link").symlink_to(provider)
    with files.opened(_saved(tree=tree)) as snapshot:
        snapshot.verify()
        source, size = snapshot.entry(files.EMULATOR)
        assert (source.read(), size) == (b"abc", 3)
        snapshot.unpack(tmp_path / "new")
    assert (tmp_path / "new" / "terraform" / "inner" / "main.tf").read_text() == "text"
    assert (tmp_path / "new" / "terraform" / "link").readlink() == provider


@pytest.mark.parametrize("at", [0.0, 0.1, 0.3, 0.6, 0.9])
def test_a_changed_byte_is_noticed(at: float) -> None:
    path = _saved(holds="x" * 4000)
    data = bytearray(path.read_bytes())
    used = len(bytes(data).rstrip(b"\0"))
    data[int(used * at)] ^= 1
    path.write_bytes(data)
    with pytest.raises(HarnessError, match="the snapshot monday is damaged"), files.opened(path) as snapshot:
        snapshot.verify()


@pytest.mark.parametrize("kept", [0, 100, 600, 2000])
def test_one_that_was_cut_off_is_refused(kept: int) -> None:
    path = _saved()
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(HarnessError, match="damaged"), files.opened(path):
        pass


def test_no_entry_and_no_link_leads_out_of_the_folder(tmp_path: Path) -> None:
    manifest = _manifest(_stack())
    with store.new("out") as file:
        writer = Writer(file)
        writer.add("folder/../../planted", 1, io.BytesIO(b"x"))
        writer.finish(manifest)
    with files.opened(store.path("out")) as snapshot, pytest.raises(HarnessError, match="damaged"):
        snapshot.unpack(tmp_path / "new" / "folder")
    assert not list(tmp_path.rglob("planted"))
    with (
        files.opened(_saved("link", links={"folder/../../planted": "/"})) as snapshot,
        pytest.raises(HarnessError, match="leads out"),
    ):
        snapshot.unpack(tmp_path / "new" / "folder")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"pipeline": "other"}, "is of the pipeline other"),
        ({"stack": {"pipeline_folder": "/elsewhere"}}, "has paths in /elsewhere"),
        ({"stack": {"name": "e2e"}}, "is of the stack e2e"),
        ({"stack": {"runtime": "docker"}}, "no engine"),
        ({"versions": {"LocalStack": "1.0"}}, "LocalStack 1.0, here 20"),
        ({"versions": {"emulator": "abc"}}, "emulator abc, here "),
        ({"versions": {"machine": "vax"}}, "machine vax, here "),
        ({"versions": {"format of snapshots": "0"}}, "format of snapshots 0, here 1"),
    ],
)
def test_one_that_does_not_fit_is_refused_with_the_difference(changes: dict[str, object], message: str) -> None:
    manifest = _manifest(_stack())
    for key, value in changes.items():
        now = getattr(manifest, key)
        setattr(manifest, key, now | value if isinstance(value, dict) else value)
    with pytest.raises(HarnessError, match=message):
        versions.check("monday", manifest, _stack())


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [("RUNTIME", "docker", "of RUNTIME=embedded, not docker"), ("LOCALSTACK_PORT", "4999", "with port 4566")],
)
def test_another_runtime_or_port_is_refused(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, message: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(HarnessError, match=message):
        versions.check("monday", _manifest(_stack()), _stack())


def test_one_that_fits_is_not_refused() -> None:
    versions.check("monday", _manifest(_stack()), _stack())


def test_a_stack_with_streams_is_not_replaced_without_force() -> None:
    stack = _stack(persistent=True)
    stack.save()
    _saved(stack=stack)
    with pytest.raises(HarnessError, match="has kept its streams") as error:
        loading.load("local", "monday")
    assert "FORCE=1" in error.value.next_step
    assert stack.folder.exists()


def test_a_damaged_one_leaves_the_stack_as_it_is() -> None:
    (port,) = ports.free_ports(1)  # the user's stack may run
    stack = _stack(persistent=True, port=port)
    stack.save()
    path = _saved(stack=stack)
    data = bytearray(path.read_bytes())
    data[512] ^= 1  # of the emulator's state
    path.write_bytes(data)
    with pytest.raises(HarnessError, match="damaged"):
        loading.load("local", "monday", force=True)
    assert stack.folder.exists()


def test_a_taken_name_is_refused_before_anything_else() -> None:
    _saved()
    with pytest.raises(HarnessError, match="a snapshot monday already"):
        saving.save("local", "monday")
    with pytest.raises(HarnessError, match="no pipeline runs"):
        saving.save("local", "monday", force=True)


def test_the_token_is_for_this_user_alone() -> None:
    stack = _stack()
    variable = emulator_state.new_token(stack)
    file = stack.folder / "snapshot-token"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert variable == {"PIPELINE_SNAPSHOT_TOKEN": file.read_text()}
    assert emulator_state.new_token(stack) != variable


def test_the_list_names_damaged_ones(capsys: pytest.CaptureFixture[str]) -> None:
    _saved("whole", holds="what it holds")
    _saved("damaged").write_bytes(b"x")
    listing.show()
    printed = capsys.readouterr().out
    assert "what it holds" in printed
    assert "damaged" in printed
    listing.remove("damaged")
    assert store.names() == ["whole"]
    with pytest.raises(HarnessError, match="no snapshot damaged"):
        listing.remove("damaged")
