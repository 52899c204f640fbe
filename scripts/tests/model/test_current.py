"""Which data `local-up` trains its model on, and what it reports about them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness import paths
from harness.errors import HarnessError
from harness.model import current as current_model

WAY_BACK = "make train DATA=default"


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of the last `make train DATA=…`, in a separate checkout."""
    monkeypatch.setattr(paths, "CACHE", tmp_path)
    file = tmp_path / "own.csv"
    (tmp_path / "training-data").write_text(str(file))
    return file


def _remember(folder: Path, data: str | None, result: dict[str, str]) -> None:
    known = {"code": current_model.code_hash(), "data": data, "result": result}
    (folder / "model.json").write_text(json.dumps(known))


def test_the_last_trainings_data_are_reported_with_the_way_back(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # GIVEN a model from make train DATA=own.csv
    (tmp_path / "MLmodel").touch()
    result = {"model_dir": str(tmp_path), "run_id": "x"}
    (tmp_path / "model.json").write_text(
        json.dumps({"code": current_model.code_hash(), "data": str(data), "result": result})
    )
    # WHEN local-up chooses its model THEN it uses that one, and reports its data
    assert current_model.current(None) == result
    printed = capsys.readouterr().err
    assert str(data) in printed
    assert WAY_BACK in printed


def test_the_default_data_are_not_mentioned(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "MLmodel").touch()
    result = {"model_dir": str(tmp_path), "run_id": "x"}
    (tmp_path / "model.json").write_text(
        json.dumps({"code": current_model.code_hash(), "data": None, "result": result})
    )
    (tmp_path / "training-data").unlink()
    assert current_model.current(None) == result
    assert capsys.readouterr().err == ""


def test_missing_data_are_reported_with_the_way_back(data: Path) -> None:
    with pytest.raises(HarnessError, match=r"is gone: .*own\.csv") as gone:
        current_model.current(None)
    assert WAY_BACK in gone.value.next_step


def test_default_is_a_file_only_if_it_exists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert current_model._file(Path("default")) is None
    Path("default").touch()
    assert current_model._file(Path("default")) == tmp_path / "default"
    with pytest.raises(HarnessError, match="there is no file"):
        current_model._file(Path("other"))


def test_a_training_serves_a_new_stack_until_another_model_is_wanted(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = tmp_path / "kept.json"
    assert current_model.still_wanted(memory) is None, "there is none"
    result = {"model_dir": str(tmp_path), "run_id": "x"}
    known = {"code": current_model.code_hash(), "data": str(data), "result": result}
    memory.write_text(json.dumps(known))
    assert current_model.still_wanted(memory) == result
    # WHEN another model was promoted, or the data or the code have changed THEN it does not
    current_model.choose("y")
    assert current_model.still_wanted(memory) is None
    (tmp_path / "chosen-model.json").unlink()
    (tmp_path / "training-data").unlink()
    assert current_model.still_wanted(memory) is None
    (tmp_path / "training-data").write_text(str(data))
    monkeypatch.setattr(current_model, "code_hash", lambda: "changed")
    assert current_model.still_wanted(memory) is None
