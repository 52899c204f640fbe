"""The next copy of a root module keeps what Terraform and its provisioners made in the last one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.terraform.working_copy import ADDED, updated

ALONE = 'x = "y"\n'
OUT = 'filename = "../fn.zip"\n'
type Again = Callable[[], Path]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = tmp_path / "repository" / "project" / "infra"
    made.mkdir(parents=True)
    (made / "main.tf").write_text(OUT)
    (made.parent / "src").mkdir()
    (made.parent / "src" / "index.js").write_text("1")
    return made


@pytest.fixture
def again(root: Path, tmp_path: Path) -> Again:
    return lambda: updated(root, root.parent, tmp_path / "copy", tmp_path / "record.json")


def test_what_a_provisioner_made_is_still_there(root: Path, again: Again) -> None:
    copied = again()
    (copied.parent / "fn.zip").write_text("built")
    (copied.parent / "src" / "build").mkdir()
    (copied.parent / "src" / "build" / "x").touch()
    (root.parent / "src" / "index.js").write_text("22")
    assert again() == copied
    assert (copied.parent / "fn.zip").read_text() == "built"
    assert (copied.parent / "src" / "build" / "x").exists()
    assert (copied.parent / "src" / "index.js").read_text() == "22"


def test_what_vanished_from_the_source_is_removed(root: Path, again: Again) -> None:
    (root / "old.tf").touch()
    (root.parent / "lib" / "a").mkdir(parents=True)
    (root.parent / "lib" / "a" / "x.py").touch()
    copied = again()
    (copied.parent / "lib" / "made").touch()
    (root / "old.tf").unlink()
    shutil.rmtree(root.parent / "lib")
    again()
    assert not (copied / "old.tf").exists()
    assert [path.name for path in (copied.parent / "lib").iterdir()] == ["made"]


def test_what_a_provisioner_made_anew_outlives_its_source(root: Path, again: Again) -> None:
    for name in ("stays.zip", "gone.zip"):
        (root.parent / name).write_text("the user's")
    copied = again()
    for name in ("stays.zip", "gone.zip"):
        (copied.parent / name).write_text("built in the copy")
    (root.parent / "gone.zip").unlink()
    again()
    assert (copied.parent / "stays.zip").read_text() == "built in the copy"
    assert (copied.parent / "gone.zip").read_text() == "built in the copy"
    # WHEN the user makes it again THEN it is the newest
    (root.parent / "stays.zip").write_text("the user's new one")
    again()
    assert (copied.parent / "stays.zip").read_text() == "the user's new one"


def test_what_is_the_same_is_not_written_again(root: Path, again: Again) -> None:
    file = again() / "main.tf"
    assert file.stat().st_mtime_ns == (root / "main.tf").stat().st_mtime_ns
    before = file.stat().st_ino
    again()
    assert file.stat().st_ino == before


def test_files_turn_into_folders_and_links_and_back(root: Path, again: Again) -> None:
    place = root.parent / "thing"
    place.write_text("file")
    copied = again().parent / "thing"
    place.unlink()
    place.mkdir()
    (place / "inside").touch()
    again()
    assert (copied / "inside").is_file()
    (copied / "made").touch()
    shutil.rmtree(place)
    place.symlink_to("src")
    again()
    assert os.readlink(copied) == "src"
    place.unlink()
    place.write_text("file")
    again()
    assert copied.read_text() == "file"
    assert not copied.is_symlink()


def test_nothing_is_written_through_a_link_that_a_provisioner_made(root: Path, again: Again, tmp_path: Path) -> None:
    (root.parent / "src" / "more.js").touch()
    copied = again().parent / "src"
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "more.js").touch()
    shutil.rmtree(copied)
    copied.symlink_to(theirs)
    (root.parent / "src" / "index.js").write_text("22")
    (root.parent / "src" / "more.js").unlink()
    again()
    assert [path.name for path in theirs.iterdir()] == ["more.js"]
    assert (copied / "index.js").read_text() == "22"


def test_what_was_made_moves_with_the_root_module(root: Path, again: Again, tmp_path: Path) -> None:
    (root / "main.tf").write_text(ALONE)
    assert again() == tmp_path / "copy"
    (tmp_path / "copy" / "build").mkdir()
    (tmp_path / "copy" / "build" / "fn.zip").touch()
    (root / "main.tf").write_text(OUT)
    assert again() == tmp_path / "copy" / "infra"
    assert (tmp_path / "copy" / "infra" / "build" / "fn.zip").exists()
    assert not (tmp_path / "copy" / "build").exists()
    # WHEN the project becomes a part of a repository THEN the copy is of that
    (tmp_path / "copy" / "made").touch()
    (tmp_path / "repository" / ".git").mkdir()
    assert again() == tmp_path / "copy" / "project" / "infra"
    assert (tmp_path / "copy" / "project" / "made").exists()
    assert os.readlink(tmp_path / "copy" / ".git") == str(tmp_path / "repository" / ".git")
    assert again() == tmp_path / "copy" / "project" / "infra"


def test_what_is_for_one_run_alone_is_gone(root: Path, again: Again) -> None:
    copied = again()
    for name in (f"{ADDED}kept.tf", "localstack_providers_override.tf", ".terraform.lock.hcl"):
        (copied / name).touch()
    again()
    assert [path.name for path in copied.iterdir()] == ["main.tf"]
    # GIVEN a file of versions THEN it is the user's own
    (root / ".terraform.lock.hcl").write_text("the user's")
    again()
    (copied / ".terraform.lock.hcl").write_text("with what init added")
    again()
    assert (copied / ".terraform.lock.hcl").read_text() == "the user's"


def test_a_copy_without_its_record_is_made_anew(again: Again, tmp_path: Path) -> None:
    copied = again()
    (copied / "left.tf").touch()
    (tmp_path / "record.json").write_text("{")
    again()
    assert not (copied / "left.tf").exists()


def test_files_that_cannot_be_written_are_replaced(root: Path, again: Again) -> None:
    file = root.parent / "src" / "index.js"
    file.chmod(0o444)
    copied = again().parent / "src" / "index.js"
    file.chmod(0o555)
    again()
    assert copied.stat().st_mode & 0o777 == 0o555
