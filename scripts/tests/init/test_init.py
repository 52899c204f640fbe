"""`pipeline init` on the Terraform of a course, rebuilt: modules, no outputs, an image built by a provisioner."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from harness import init
from harness.errors import HarnessError
from harness.paths import ROOT
from harness.pipeline import definition

COURSE = ROOT / "emulator" / "tests" / "containers" / "course"
EVENT = {"ride": {"PULocationID": 130, "DOLocationID": 205, "trip_distance": 3.66}, "ride_id": 156}


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("YES", "1")
    return Path(shutil.copytree(COURSE, tmp_path / "Rides 06"))


@pytest.mark.long_proof
def test_a_courses_terraform(course: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # GIVEN a folder with Terraform and an event, and nothing of ours WHEN it is described
    (course / "event.json").write_text(json.dumps(EVENT))
    before = {path for path in course.rglob("*") if path.is_file()}
    init.run(course, None)
    # THEN only pipeline.toml is new, and it names the resources, which no output does
    assert {path for path in course.rglob("*") if path.is_file()} - before == {course / "pipeline.toml"}
    pipeline = definition.load(course)
    assert pipeline.name == "rides"
    assert pipeline.root == course / "infrastructure"
    assert pipeline.local_var_file() == course / "infrastructure" / "vars" / "stg.tfvars"
    assert pipeline.source == course
    found = pipeline.resources({})
    assert (found.source_stream, found.output_stream) == ("ride_events-local", "ride_predictions-local")
    assert (found.function, found.model_bucket) == ("ride_prediction_local", "ride-models-local")
    assert found.failed_events is None
    assert pipeline.identity.of_event(EVENT) == 156
    assert pipeline.identity.of_answer({"prediction": {"ride_id": 1}}) == 1
    assert pipeline.identity.of_answer({"ride_id": 2}) == 2
    # AND what a local run cannot prove is said
    printed = capsys.readouterr().err.replace("\n", " ")
    assert "module.function.aws_lambda_function.function: tracing: accepted" in printed
    # WHEN there is a file already THEN it is left alone
    with pytest.raises(HarnessError, match="exists already"):
        init.run(course, None)


def test_without_terraform_or_samples_it_says_what_to_give(course: Path, tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match="there is no folder"):
        init.run(tmp_path / "none", None)
    with pytest.raises(HarnessError, match=r"main\.tf is a file") as file:
        init.run(course / "infrastructure" / "main.tf", None)
    assert file.value.next_step.endswith("infrastructure")
    (tmp_path / "empty").mkdir()
    with pytest.raises(HarnessError, match=r"has no \.tf files"):
        init.run(tmp_path / "empty", None)
    with pytest.raises(HarnessError, match="no sample events") as missing:
        init.run(course, None)
    assert "--sample" in missing.value.next_step
