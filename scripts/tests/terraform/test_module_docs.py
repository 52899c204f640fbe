"""The READMEs of the Terraform modules follow from their code, and a test plans each module's example."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from harness.errors import HarnessError
from harness.paths import INFRASTRUCTURE
from harness.terraform import module_docs


@pytest.fixture
def kinesis(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of one module, the only one that is documented."""
    monkeypatch.setattr(module_docs, "FOLDERS", (tmp_path,))
    monkeypatch.setattr(module_docs, "ROOTS", ())
    return Path(shutil.copytree(INFRASTRUCTURE / "modules" / "kinesis", tmp_path / "kinesis"))


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_root_modules_have_inputs_and_outputs_but_no_example() -> None:
    text = module_docs.readmes()[INFRASTRUCTURE / "README.md"]
    assert "| `project_id` |" in text
    assert "| `predictions_stream_name` |" in text
    assert "## Usage" not in text


def test_every_example_is_planned() -> None:
    tests = (INFRASTRUCTURE / "tests" / "examples.tftest.hcl").read_text()
    folders = [module.relative_to(INFRASTRUCTURE) for module in module_docs.modules()]
    assert len(folders) >= 8
    assert [folder for folder in folders if f'source = "./{folder}/examples/complete"' not in tests] == []


def test_a_readme_has_usage_inputs_and_outputs(kinesis: Path) -> None:
    text = (kinesis / "README.md").read_text()
    assert "## Usage" in text
    assert "| `retention_hours` | Hours to keep a record. | `number` |  | yes |" in text
    assert "| `kms_key_arn` |" in text
    assert "| `string` | `null` | no |" in text
    assert "| `arn` | ARN of the stream. |" in text


@pytest.mark.parametrize(
    ("file", "old", "new", "row"),
    [
        ("variables.tf", "Hours to keep a record.", "Hours.", "| Hours. |"),
        ("variables.tf", "default     = []", 'default     = ["All"]', '| `["All"]` |'),
        ("variables.tf", 'variable "name"', 'variable "stream"', "| `stream` |"),
        ("outputs.tf", "ARN of the stream.", "ARN.", "| `arn` | ARN. |"),
        ("examples/complete/main.tf", "example-events", "other-events", '"other-events"'),
    ],
)
def test_a_change_in_the_module_changes_its_readme(kinesis: Path, file: str, old: str, new: str, row: str) -> None:
    readme = kinesis / "README.md"
    assert module_docs.readmes() == {readme: readme.read_text()}
    change(kinesis / file, old, new)
    assert row in module_docs.readmes()[readme]


@pytest.mark.parametrize(
    ("file", "old", "new", "cause"),
    [
        ("outputs.tf", '  description = "ARN of the stream."\n', "", "output arn in .* has no description"),
        ("README.md", module_docs.MARKER, "", "lacks its marker"),
    ],
)
def test_missing_parts_are_reported(kinesis: Path, file: str, old: str, new: str, cause: str) -> None:
    change(kinesis / file, old, new)
    with pytest.raises(HarnessError, match=cause):
        module_docs.readmes()


def test_a_module_without_an_example_is_reported(kinesis: Path) -> None:
    shutil.rmtree(kinesis / "examples")
    with pytest.raises(HarnessError, match=r"has no examples/complete/main\.tf"):
        module_docs.readmes()
