"""Terraform variables: read as Terraform does, and written one at a time without touching another byte."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from harness.errors import HarnessError
from harness.paths import INFRASTRUCTURE
from harness.stages import tfvars
from harness.stages.stage import backend_file_of

TEXT = """\
# The stage. run_id = "of a comment"
project_id = "stg" # ä
/* run_id = "of
another" */
tags = {
  run_id = "inner"
}
names = ["a",
  "b"]
text = <<EOT
run_id = "of a text"
EOT
force_destroy   = true
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "stg.tfvars"
    path.write_bytes(text.encode())
    return path


def test_the_stages_own_files_are_read() -> None:
    for stage in ("local", "stg", "prod"):
        assert tfvars.read(INFRASTRUCTURE / "vars" / f"{stage}.tfvars")["project_id"] == stage


def test_values_become_python_values(tmp_path: Path) -> None:
    found = tfvars.read(write(tmp_path, TEXT + "none = null\nnumber = 14\n"))
    assert (found["project_id"], found["force_destroy"], found["names"]) == ("stg", True, ["a", "b"])
    assert (found["number"], found["none"], found["tags"]) == (14, None, {"run_id": "inner"})
    assert "run_id" not in found


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_variable_is_added_changed_and_removed(tmp_path: Path, newline: str) -> None:
    text = TEXT.replace("\n", newline)
    path = write(tmp_path, text)
    assert tfvars.write(path, "run_id", "one")
    assert path.read_bytes().decode() == text + f'run_id = "one"{newline}'
    assert not tfvars.write(path, "run_id", "one")
    assert tfvars.write(path, "run_id", "two")
    assert path.read_bytes().decode() == text + f'run_id = "two"{newline}'
    assert tfvars.write(path, "run_id", None)
    assert path.read_bytes().decode() == text
    assert not tfvars.write(path, "run_id", None)


def test_text_beside_a_value_is_kept(tmp_path: Path) -> None:
    path = write(tmp_path, 'a = 1\n  run_id   =   "old"   # why\nb = 2')
    tfvars.write(path, "run_id", "new")
    assert path.read_text() == 'a = 1\n  run_id   =   "new"   # why\nb = 2'
    tfvars.write(path, "run_id", None)
    assert path.read_text() == "a = 1\n  # why\nb = 2"
    tfvars.write(path, "live_version", "3")
    assert path.read_text() == 'a = 1\n  # why\nb = 2\nlive_version = "3"\n'


def test_a_multiline_value_is_replaced_entirely(tmp_path: Path) -> None:
    path = write(tmp_path, TEXT)
    tfvars.write(path, "tags", "x")
    assert tfvars.read(path)["tags"] == "x"
    tfvars.write(path, "names", None)
    assert path.read_text() == TEXT.replace('{\n  run_id = "inner"\n}', '"x"').replace('names = ["a",\n  "b"]\n', "")


@settings(deadline=None)
@example("%{")
@example("${")
@given(st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=20))
def test_any_text_can_be_written_and_no_other_byte_changes(value: str) -> None:
    path = Path("stg.tfvars")
    before = TEXT + 'run_id = "old" # kept\n'
    after = tfvars.changed(before, "run_id", value, path)
    head, tail = before.split('"old"')
    assert after.startswith(head)
    assert after.endswith(tail)
    assert tfvars.changed(after, "run_id", "old", path) == before


def test_terraform_reads_what_was_written(tmp_path: Path) -> None:
    path = write(tmp_path, TEXT)
    value = 'a "quoted" \\ ${text} %{if}'
    tfvars.write(path, "run_id", value)
    (tmp_path / "main.tf").write_text('variable "run_id" {}\noutput "run_id" { value = var.run_id }\n')
    run = ["terraform", f"-chdir={tmp_path}"]
    options = {"check": True, "capture_output": True, "text": True, "timeout": 120}
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    subprocess.run([*run, "init"], env=environment, **options)  # type: ignore[call-overload]
    applied = subprocess.run(  # type: ignore[call-overload]
        [*run, "apply", "-auto-approve", "-compact-warnings", f"-var-file={path}"], env=environment, **options
    )
    assert applied.returncode == 0
    shown = subprocess.run([*run, "output", "-raw", "run_id"], env=environment, **options)  # type: ignore[call-overload]
    assert shown.stdout == value


def test_permissions_and_links_are_kept_and_no_draft_remains(tmp_path: Path) -> None:
    path = write(tmp_path, TEXT)
    path.chmod(0o640)
    link = tmp_path / "link.tfvars"
    link.symlink_to(path)
    tfvars.write(link, "run_id", "one")
    assert link.is_symlink()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert sorted(file.name for file in tmp_path.iterdir()) == ["link.tfvars", "stg.tfvars"]


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("a = \nb = 2\n", "line 1"),
        ('a = 1\nb == "2"\n', "line 2"),
        ('run_id = "a"\nrun_id = "b"\n', "sets run_id 2 times"),
    ],
)
def test_an_invalid_file_is_refused_and_not_changed(tmp_path: Path, text: str, cause: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(HarnessError, match=cause):
        tfvars.write(path, "run_id", "one")
    assert path.read_text() == text


def test_bytes_that_are_not_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "stg.tfvars"
    path.write_bytes(b'a = "\xff"\n')
    with pytest.raises(HarnessError, match="cannot be read"):
        tfvars.read(path)


def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match=r"there is no file .*/stg\.tfvars"):
        tfvars.read(tmp_path / "stg.tfvars")


def test_an_unwritable_folder_is_reported_before_anything_is_written(tmp_path: Path) -> None:
    path = write(tmp_path, TEXT)
    if os.geteuid() == 0:  # root can write everywhere, so make the check fail on a missing file
        path.unlink()
    else:
        tmp_path.chmod(0o500)
    with pytest.raises(HarnessError, match="cannot be written"):
        tfvars.check_writable(path)
    tmp_path.chmod(0o700)


def test_values_in_json(tmp_path: Path) -> None:
    path = tmp_path / "stg.tfvars.json"
    path.write_text('{"run_id": "a", "shards": 2}')
    assert tfvars.read(path) == {"run_id": "a", "shards": 2}
    assert not tfvars.write(path, "run_id", "a")
    assert path.read_text() == '{"run_id": "a", "shards": 2}'
    assert tfvars.write(path, "run_id", "b")
    assert tfvars.write(path, "live", "1")
    assert tfvars.write(path, "live", None)
    assert path.read_text() == '{\n  "run_id": "b",\n  "shards": 2\n}\n'
    assert backend_file_of(path).name == backend_file_of(tmp_path / "stg.tfvars").name == "stg.s3.tfbackend"


@pytest.mark.parametrize("text", ["{", "[1]", "7"])
def test_json_that_has_no_values(tmp_path: Path, text: str) -> None:
    path = tmp_path / "stg.tfvars.json"
    path.write_text(text)
    with pytest.raises(HarnessError, match="is not valid"):
        tfvars.read(path)
