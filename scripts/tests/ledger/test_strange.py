"""What is told of a record of the output stream that refers to no event."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.console import err
from harness.ledger import Ledger, report, strange
from harness.pipeline.definition import Pipeline
from harness.pipeline.schema import Events, File, Literal, Outputs, Terraform
from harness.pipeline.schema import Ledger as Section
from harness.streams import Read


def _pipeline(source_id: str | None = None) -> Pipeline:
    name = Literal(name="x")
    outputs = Outputs(source_stream=name, output_stream=name, function=name)
    ledger = Section(id_in="id", id_out="score.id", source_id=source_id)
    terraform, events = Terraform(root="."), Events(sample={})
    return Pipeline(
        Path("/nowhere"), File(name="x", terraform=terraform, outputs=outputs, events=events, ledger=ledger)
    )


@pytest.mark.parametrize(
    ("data", "source_id", "reason"),
    [
        (b"\x1f\x8b\x08", None, "it is no JSON, and answers are read as JSON, one per record: \\x1f\\x8b\\x08"),
        (b"[1]", None, "it has nothing at ledger.id_out, score.id; it is a list, and answers are read one per record"),
        (b'{"id": 7}', None, 'it has nothing at ledger.id_out, score.id: {"id": 7}'),
        (b'{"score": {"id": "7"}}', None, 'its id is "7", and the event\'s is 7'),
        (b'{"score": {"id": 7}}', "of", "it has no text at ledger.source_id, of"),
        (b'{"score": {"id": 7}, "of": "shard:1"}', "of", "it refers to another event"),
        (b"x" * 1000, None, "x…"),
    ],
)
def test_the_reason_and_the_record_are_told(data: bytes, source_id: str | None, reason: str) -> None:
    assert reason in strange.told(data, _pipeline(source_id), {"id": 7})


def test_the_report_shows_the_first_of_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ledger = Ledger(_pipeline())
    ledger.take_predictions([Read(data, "k", "shard", "1", 1.0, 1.0) for data in (b'{"first": 1}', b"second")])
    ledger.close()
    assert ledger.unreadable == 2
    with err.capture() as captured:
        report.show(ledger, tmp_path / "ledger.json")
    assert 'nothing at ledger.id_out, score.id: {"first": 1}' in captured.get()
