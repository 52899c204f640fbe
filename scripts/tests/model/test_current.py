"""Which data the model of a `local-up` is trained on, and what is said of them."""

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
    """The file of the last `make train DATA=…`, in a checkout of its own."""
    for name in ("TRAINING_DATA", "MODEL_FILE", "CHOSEN_MODEL", "CACHE", "MLFLOW_DIR", "DATA_DIR"):
        monkeypatch.setattr(paths, name, tmp_path / name.lower())
    file = tmp_path / "own.csv"
    paths.TRAINING_DATA.write_text(str(file))
    return file


def test_the_data_of_the_last_training_are_named_with_the_way_back(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # GIVEN a model that make train DATA=own.csv has made
    (tmp_path / "MLmodel").touch()
    result = {"model_dir": str(tmp_path), "run_id": "x"}
    paths.MODEL_FILE.write_text(json.dumps({"code": current_model._code(), "data": str(data), "result": result}))
    # WHEN local-up looks for its model THEN it takes that one, and says whose data it is of
    assert current_model.current(None) == result
    told = capsys.readouterr().err
    assert str(data) in told
    assert WAY_BACK in told


def test_nothing_is_said_of_the_default_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "MLmodel").touch()
    result = {"model_dir": str(tmp_path), "run_id": "x"}
    paths.MODEL_FILE.write_text(json.dumps({"code": current_model._code(), "data": None, "result": result}))
    paths.TRAINING_DATA.unlink()
    assert current_model.current(None) == result
    assert capsys.readouterr().err == ""


def test_data_that_are_gone_are_named_with_the_way_back(data: Path) -> None:
    with pytest.raises(HarnessError, match=r"is gone: .*own\.csv") as gone:
        current_model.current(None)
    assert WAY_BACK in gone.value.next_step


def test_the_way_back_is_no_file_unless_there_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert current_model._file(Path("default")) is None
    Path("default").touch()
    assert current_model._file(Path("default")) == tmp_path / "default"
    with pytest.raises(HarnessError, match="there is no file"):
        current_model._file(Path("other"))
