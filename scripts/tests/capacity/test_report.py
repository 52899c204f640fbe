"""The text of `pipeline capacity`, and where its figures are from."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.capacity import report
from harness.capacity.plan import Function, Load, Settings
from harness.cost import table
from harness.errors import HarnessError
from harness.pipeline import definition
from harness.pipeline.definition import Pipeline

TOML = """\
name = "rides-of-a-test"
[terraform]
root = "."
[outputs]
source_stream = "source"
output_stream = { name = "out" }
function = { name = "f" }
[events]
sample = { id = 1 }
[ledger]
id_in = "id"
id_out = "id"
"""
SETTINGS = Settings(2, 1, 100, 1024, "ap-south-1")


@pytest.fixture
def other(tmp_path: Path) -> Pipeline:
    """A pipeline that runs nowhere."""
    (tmp_path / "pipeline.toml").write_text(TOML)
    (tmp_path / "main.tf").touch()
    return definition.load(tmp_path)


def shown(load: Load, function: Function) -> str:
    return report.text("stg", load, function, SETTINGS, table.settings("stg"))


def test_a_load_that_fits() -> None:
    text = shown(Load(1000, 110, 250), Function(7.74, 0.06, 100, "by hand"))
    assert "stg carries it. The limit met first, at 2,000 events/s: records/s written to a shard." in text
    assert "by hand" in text
    assert "Ask AWS" not in text


def test_a_million_events_a_second_names_what_to_ask_for() -> None:
    text = shown(Load(1_000_000, 110, 250), Function(7.74, 0.06, 100, "by hand"))
    assert "stg does not carry it (above the limit: records/s written to a shard" in text
    assert "From 2 to 1,250 shards takes 10 calls" in text
    assert "Ask AWS for 2,500 shards" in text


def test_sizes_of_another_pipeline_are_those_of_its_samples(other: Pipeline) -> None:
    assert report.load_of(other, 10, None) == Load(10, 8 + report.KEY_BYTES, 2 * (8 + report.KEY_BYTES))
    assert report.load_of(other, 10, 500) == Load(10, 500, 1000)


def test_a_record_too_large_is_refused(other: Pipeline) -> None:
    with pytest.raises(HarnessError, match="above a record's limit"):
        report.load_of(other, 10, 2**20 + 1)


def test_an_unknown_duration_is_asked_for(other: Pipeline) -> None:
    with pytest.raises(HarnessError, match="how long an invocation of rides-of-a-test takes is not known") as refused:
        report.function_of(other, SETTINGS, Load(1, 100, 100), None)
    assert "DURATION_MS" in refused.value.next_step


def test_a_given_duration_is_that_of_a_full_batch(other: Pipeline) -> None:
    function = report.function_of(other, SETTINGS, Load(1, 100, 100), 50)
    assert function.batch_ms(100, 1769) == pytest.approx(50)
