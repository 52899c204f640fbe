"""A `pipeline.toml` is read, and its mistakes are reported with line, cause and remedy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness import paths
from harness.errors import HarnessError
from harness.pipeline import definition

Edit = Callable[[str, str], Path]


def test_a_valid_file(folder: Path) -> None:
    pipeline = definition.load(folder)
    assert pipeline.name == pipeline.stack_name == "rides"
    assert pipeline.root == folder / "infrastructure"
    assert pipeline.source is None
    assert pipeline.var_file("stg") is None
    assert pipeline.cache == paths.CACHE / "pipelines" / "rides"
    assert not pipeline.has_model
    assert pipeline.samples() == [{"ride": {"miles": 3.5}, "ride_id": 156}]
    found = pipeline.resources({"source": "rides-in", "function": "f", "more": 1})
    assert (found.source_stream, found.output_stream, found.function) == ("rides-in", "rides-out", "f")
    assert found.failed_events is found.model_bucket is None


@pytest.mark.parametrize(
    ("old", "new", "cause", "remedy"),
    [
        ('name = "rides"', 'name = "My rides"', r"line 1: name = 'My rides' must be 1 to 31", "correct name"),
        ('name = "rides"', 'name = "local"', r"line 1: name = 'local' is the name of a stack", "correct name"),
        ('name = "rides"', 'name = "plan-77"', r"line 1: name = 'plan-77' is the name of a stack", "correct name"),
        ('name = "rides"', "name = 3", r"line 1: name = 3 must be text, in quotation marks", "correct name"),
        ("[ledger]", "[[ledger]]", r"line 15: ledger = .* must be a table, \[ledger\]", "correct ledger"),
        (
            'expected = "own:expected"',
            'tolerance = "x"',
            r"line 18: ledger.tolerance = 'x' must be a number",
            "correct",
        ),
        ('id_in = "ride_id"', 'id_in = "@"', r"line 16: the sample event has no text or integer at @", "correct"),
        (
            'root = "infrastructure"',
            'root = "infrastructure"\nvar_file = "{stage}.tfvars"',
            r"line 5: terraform\.var_file: there is no file {stage}\.tfvars for any stage",
            "relative to this file",
        ),
        ('name = "rides"\n', "", "name is missing", "add name"),
        ('name = "rides"', "name = rides", "line 1: Invalid value", "correct the TOML"),
        ('name = "rides"', 'name = "', "line 1: ", "correct the TOML"),
        ('"infrastructure"', '"elsewhere"', r"line 4: terraform\.root = 'elsewhere' has no \.tf files", "relative to"),
        ('root = "infrastructure"', 'rot = "x"', r"line 4: there is no key terraform\.rot", r"did you mean root\?"),
        (
            'root = "infrastructure"',
            'root = "infrastructure"\nvar_file = "a.tfvars"',
            r"line 5: terraform\.var_file = 'a\.tfvars' must contain \{stage\}",
            "correct",
        ),
        ("[events]", "[surprises]\n[events]", "line 11: there is no key surprises", "the keys there are"),
        ('source_stream = "source"\n', "", r"line 6: outputs\.source_stream is missing", "add outputs.source_stream"),
        ('{ name = "rides-out" }', "7", r"line 8: outputs\.output_stream = 7 must be the name", "correct outputs"),
        ('{ name = "rides-out" }', '{ nam = "x" }', r"line 8: outputs\.output_stream", "correct outputs"),
        ('"own:made_up"', '"own.made_up"', r"line 13: events\.made_up = .* must be \"module:function\"", "correct"),
        ('id_in = "ride_id"', 'id_in = "ride_id["', r"line 16: ledger\.id_in = .* JMESPath", "correct ledger.id_in"),
        ('id_in = "ride_id"', 'id_in = "rideId"', r"line 16: the sample event has no id at rideId", "correct ledger"),
        (
            'expected = "own:expected"',
            "tolerance = 2",
            r"line 18: ledger\.tolerance = 2 must be less than 1",
            "correct",
        ),
        ("{ ride = { miles = 3.5 }, ride_id = 156 }", '"no.jsonl"', r"line 12: .*no\.jsonl cannot be read", "name a"),
        ("[ledger]", '[function]\nsource = "no"\n[ledger]', r"line 16: function\.source: there is no folder", "name"),
    ],
)
def test_a_mistake_names_line_cause_and_remedy(edit: Edit, old: str, new: str, cause: str, remedy: str) -> None:
    with pytest.raises(HarnessError, match=cause) as found:
        definition.load(edit(old, new))
    assert remedy.replace("\\", "") in found.value.next_step
    assert "pipeline.toml" in found.value.cause


def test_all_mistakes_are_reported_at_once(edit: Edit) -> None:
    with pytest.raises(HarnessError) as found:
        definition.load(edit('root = "infrastructure"\n\n[outputs]', "[output]"))
    assert [line.partition(": ")[2] for line in found.value.cause.splitlines()] == [
        "terraform.root is missing",
        "outputs is missing",
        "there is no key output",
    ]


@pytest.mark.parametrize("name", ["sample.json", "samples.jsonl"])
def test_samples_come_from_a_file_too(edit: Edit, name: str) -> None:
    folder = edit("{ ride = { miles = 3.5 }, ride_id = 156 }", f'"{name}"')
    lines = ['{"ride_id": 1}', "", '{"ride_id": 2}']
    (folder / name).write_text("\n".join(lines) if name.endswith("l") else '{\n "ride_id": 1\n}')
    assert [each["ride_id"] for each in definition.load(folder).samples()] == ([1, 2] if name.endswith("l") else [1])


def test_a_list_of_samples_is_several(edit: Edit) -> None:
    folder = edit("{ ride = { miles = 3.5 }, ride_id = 156 }", '"sample.json"')
    (folder / "sample.json").write_text('[{"ride_id": 1},\n {"ride_id": 2}]')
    assert [each["ride_id"] for each in definition.load(folder).samples()] == [1, 2]


def test_every_sample_needs_an_id(edit: Edit) -> None:
    folder = edit("{ ride = { miles = 3.5 }, ride_id = 156 }", '"x.jsonl"')
    (folder / "x.jsonl").write_text('{"ride_id": 1}\n{"rideId": 2}\n')
    with pytest.raises(HarnessError, match=r'has no id at ride_id: \{"rideId": 2\}'):
        definition.load(folder)


def test_a_byte_order_mark_is_no_mistake_and_another_encoding_is_named(edit: Edit) -> None:
    folder = edit("rides", "rides")
    file = folder / "pipeline.toml"
    text = file.read_text()
    file.write_text(text, encoding="utf-8-sig")
    assert definition.load(folder).name == "rides"
    file.write_text(text, encoding="utf-16")
    with pytest.raises(HarnessError, match=r"pipeline\.toml cannot be read: it is no UTF-8 text \(byte 0\)"):
        definition.load(folder)


@pytest.mark.parametrize("text", ["", "[1]", '{"ride_id": 1}\nx', "7"])
def test_a_file_without_events_is_refused(edit: Edit, text: str) -> None:
    folder = edit("{ ride = { miles = 3.5 }, ride_id = 156 }", '"x.jsonl"')
    (folder / "x.jsonl").write_text(text)
    with pytest.raises(HarnessError, match=r"line 12: events\.sample"):
        definition.load(folder)


@pytest.mark.parametrize(
    ("outputs", "cause"),
    [
        ({"function": "f"}, "Terraform has no output source; it has function"),
        ({"source": "", "function": "f"}, "output source is '', not the name"),
        ({"source": ["x"], "function": "f"}, r"output source is \['x'\]"),
    ],
)
def test_an_output_that_terraform_lacks_is_reported(folder: Path, outputs: dict[str, object], cause: str) -> None:
    with pytest.raises(HarnessError, match=f"line 7: .*{cause}") as found:
        definition.load(folder).resources(outputs)
    assert '{ name = "…" }' in found.value.next_step


def test_the_current_pipeline(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN no PIPELINE WHEN a command runs outside of any pipeline THEN it is the repository's own
    monkeypatch.delenv("PIPELINE", raising=False)
    monkeypatch.chdir(tmp_path)
    assert definition.current().folder == paths.ROOT
    assert definition.current().stack_name == "local"
    # WHEN it runs in a pipeline's folder, or below it THEN it is that one
    monkeypatch.chdir(folder / "infrastructure")
    assert definition.current().folder == folder
    # WHEN PIPELINE names a folder THEN it is the one there
    monkeypatch.setenv("PIPELINE", str(paths.ROOT))
    assert definition.current().folder == paths.ROOT
    monkeypatch.setenv("PIPELINE", str(folder))
    assert definition.current().folder == folder
    monkeypatch.setenv("PIPELINE", "none")
    with pytest.raises(HarnessError, match="PIPELINE=none is no folder"):
        definition.current()
    monkeypatch.setenv("PIPELINE", str(tmp_path))
    with pytest.raises(HarnessError, match=r"has no pipeline\.toml") as missing:
        definition.current()
    assert "pipeline init" in missing.value.next_step
