"""Models are found by version, run id and alias, in a real MLflow registry."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.errors import HarnessError
from harness.machine import ports
from harness.rollout import model_versions
from harness.rollout.model_versions import Registry


def test_a_version_a_run_and_an_alias_name_the_same_model(known: list[Registry], trained: list[dict[str, Any]]) -> None:
    first, second = trained
    assert [one["model_version"] for one in trained] == [1, 2]
    by_number, by_run = model_versions.resolve("1", known), model_versions.resolve(first["run_id"], known)
    assert by_number == by_run
    assert (by_number.number, by_number.run_id, by_number.key) == (1, first["run_id"], first["model_key"])
    assert by_number.metrics["rmspe"] == pytest.approx(first["metrics"]["rmspe"])
    assert model_versions.resolve("latest-trained", known).run_id == second["run_id"]
    model_versions.set_alias(by_number, "chosen")
    assert model_versions.resolve("chosen", known) == by_number


def test_a_download_is_what_training_logged(
    known: list[Registry], trained: list[dict[str, Any]], tmp_path: Path
) -> None:
    folder = model_versions.download(model_versions.resolve("2", known), tmp_path)
    logged = Path(trained[1]["model_dir"])
    files = sorted(file.relative_to(logged) for file in logged.rglob("*") if file.is_file())
    assert sorted(file.relative_to(folder) for file in folder.rglob("*") if file.is_file()) == files
    assert all((folder / file).read_bytes() == (logged / file).read_bytes() for file in files)


@pytest.mark.parametrize("choice", ["77", "0" * 32, "nobody", "no such/alias", "v1"])
def test_an_unknown_model_is_refused_with_the_known_ones(choice: str, known: list[Registry]) -> None:
    with pytest.raises(HarnessError, match=f"no version, run or alias '{choice}'") as refused:
        model_versions.resolve(choice, known)
    assert "version 2  run " in refused.value.next_step
    assert "latest-trained" in refused.value.next_step


def test_a_model_must_be_named(known: list[Registry]) -> None:
    with pytest.raises(HarnessError, match="no model is given"):
        model_versions.resolve("", known)


def test_without_a_registry_the_next_step_is_to_train(tmp_path: Path) -> None:
    empty = [Registry(f"sqlite:///{tmp_path / 'mlflow.db'}", "an empty one")]
    for known in ([], empty):
        with pytest.raises(HarnessError, match="no model has been trained here") as refused:
            model_versions.resolve("1", known)
        assert "make train" in refused.value.next_step


def test_a_damaged_database_is_reported(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_bytes(b"damaged" * 1000)
    with pytest.raises(HarnessError, match=r"a damaged one cannot be used: .*not a database"):
        model_versions.resolve("1", [Registry(f"sqlite:///{tmp_path / 'mlflow.db'}", "a damaged one")])


def test_an_unreachable_server_is_reported() -> None:
    (port,) = ports.free_ports(1)
    with pytest.raises(HarnessError, match="the server cannot be used"):
        model_versions.resolve("1", [Registry(f"http://127.0.0.1:{port}", "the server")])
