"""What `local-up` may leave out, by what has changed since the last apply."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.local.applied import Change, change
from harness.machine import files

INPUTS = {"configuration": "c", "package": "p"}
RESULT = {"state": "lineage 7", "function": "f"}
BEFORE = INPUTS | RESULT


@pytest.mark.parametrize(
    ("before", "wanted", "now", "expected"),
    [
        (BEFORE, INPUTS, RESULT, Change.NOTHING),
        (BEFORE, INPUTS | {"package": "other"}, RESULT, Change.PACKAGE),
        (BEFORE, INPUTS | {"configuration": "other"}, RESULT, Change.ANYTHING),
        (BEFORE, {"configuration": "other", "package": "other"}, RESULT, Change.ANYTHING),
        (BEFORE, INPUTS, RESULT | {"state": "lineage 8"}, Change.ANYTHING),
        (BEFORE, INPUTS, RESULT | {"function": "changed by hand"}, Change.ANYTHING),
        ({}, INPUTS, RESULT, Change.ANYTHING),
    ],
)
def test_terraform_is_left_out_only_if_nothing_can_have_changed(
    before: dict[str, str], wanted: dict[str, str], now: dict[str, str], expected: Change
) -> None:
    assert change(before, wanted, now) is expected


def test_a_trees_digest_sees_content_place_and_mode(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    file = tmp_path / "a" / "main.tf"
    digests = []
    for text, mode, place in (("x", 0o644, file), ("y", 0o644, file), ("y", 0o755, file), ("y", 0o755, tmp_path / "b")):
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        file.chmod(mode)
        if place != file:
            file.rename(place)
        digests.append(files.tree_digest(files.below(tmp_path, lambda _folder, _names: set())))
    assert len(set(digests)) == 4


def test_what_is_left_out_of_a_tree_does_not_count(tmp_path: Path) -> None:
    (tmp_path / ".terraform").mkdir()
    (tmp_path / ".terraform" / "x").touch()
    (tmp_path / "main.tf").touch()
    found = files.below(tmp_path, lambda _folder, names: {".terraform"} & set(names))
    assert found == [tmp_path / "main.tf"]
