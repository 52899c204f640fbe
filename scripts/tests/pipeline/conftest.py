"""A small pipeline, and files that change it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

GOOD = """\
name = "rides"

[terraform]
root = "infrastructure"

[outputs]
source_stream = "source"
output_stream = { name = "rides-out" }
function = "function"

[events]
sample = { ride = { miles = 3.5 }, ride_id = 156 }
made_up = "own:made_up"

[ledger]
id_in = "ride_id"
id_out = "ride.id"
expected = "own:expected"
"""
OWN = """\
def made_up(chance):
    print("chatter must not end up between the answers")
    return {"ride": {"miles": chance.random()}, "ride_id": 1}


def expected(events, model):
    return [{"ride": {"id": event["ride_id"], "factor": model["factor"]}} for event in events]


def check(folder, run_id):
    if not folder.is_dir():
        raise ValueError(f"run {run_id} has no folder")
    return {"seen": run_id}


def broken(chance):
    return chance.nothing


def ends(chance):
    import os
    os._exit(3)


number = 7
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a valid pipeline."""
    made = tmp_path / "rides"
    (made / "infrastructure").mkdir(parents=True)
    (made / "infrastructure" / "main.tf").touch()
    (made / "pipeline.toml").write_text(GOOD)
    (made / "own.py").write_text(OWN)
    return made


@pytest.fixture
def edit(folder: Path) -> Callable[[str, str], Path]:
    """A function that replaces a text in the file, and returns the folder."""

    def change(old: str, new: str) -> Path:
        assert old in GOOD
        (folder / "pipeline.toml").write_text(GOOD.replace(old, new))
        return folder

    return change
