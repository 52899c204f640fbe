"""The READMEs of the Terraform modules are up to date, and a test plans each module's example."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from harness.errors import HarnessError
from harness.paths import INFRASTRUCTURE
from harness.terraform import module_docs


@pytest.fixture
def kinesis(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of one module, the only one that is checked."""
    monkeypatch.setattr(module_docs, "FOLDERS", (tmp_path,))
    return Path(shutil.copytree(INFRASTRUCTURE / "modules" / "kinesis", tmp_path / "kinesis"))


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_every_readme_is_up_to_date() -> None:
    assert [str(readme) for readme in module_docs.outdated()] == [], module_docs.REMEDY


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
def test_a_change_in_the_module_is_detected_and_written(kinesis: Path, file: str, old: str, new: str, row: str) -> None:
    assert module_docs.outdated() == {}
    change(kinesis / file, old, new)
    with pytest.raises(HarnessError, match=r"README\.md"):
        CliRunner().invoke(module_docs.command, catch_exceptions=False)
    assert CliRunner().invoke(module_docs.command, ["--write"]).exit_code == 0
    assert row in (kinesis / "README.md").read_text()
    assert module_docs.outdated() == {}


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
        module_docs.outdated()


def test_a_module_without_an_example_is_reported(kinesis: Path) -> None:
    shutil.rmtree(kinesis / "examples")
    with pytest.raises(HarnessError, match=r"has no examples/complete/main\.tf"):
        module_docs.outdated()
