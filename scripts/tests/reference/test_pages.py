"""Pages follow from the code: a change is noticed, and written."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.cli import commands_page, reference
from harness.cli.main import commands
from harness.errors import HarnessError
from harness.pipeline import schema
from harness.reference import errors_page, toml_page


def test_a_page_that_is_out_of_date_is_named_and_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "page.md"
    monkeypatch.setattr(reference, "pages", lambda group: {page: "new"})
    with pytest.raises(HarnessError, match=r"out of date: .*page\.md"):
        reference.run(commands, write=False)
    reference.run(commands, write=True)
    assert page.read_text() == "new"
    reference.run(commands, write=False)


def test_every_key_of_the_file_has_a_row() -> None:
    rows = [line.split("|")[1].strip() for line in toml_page.table()[2:]]
    assert {f"`terraform.{key}`" for key in schema.Terraform.model_fields} <= set(rows)
    assert {f"`ledger.{key}`" for key in schema.Ledger.model_fields} <= set(rows)
    assert rows[0] == "`name`"
    assert len(rows) == len(set(rows)) == 21


def test_types_defaults_and_requirements_are_in_the_table() -> None:
    table = "\n".join(toml_page.table())
    assert '| `outputs.function` | text or `{ name = "…" }` | required |' in table
    assert "| `ledger.tolerance` | number | 0.00001 |" in table
    assert "| `function.source` | text | required, if there is `[function]` |" in table


def test_every_command_is_listed_with_its_variables() -> None:
    text = commands_page.text(commands)
    listed = [command.name for command in commands.commands.values() if not command.hidden]
    assert [name for name in listed if f"`{name}" not in text and f"`pipeline {name}" not in text] == []
    assert "| `capacity RATE=… [RECORD_BYTES=…] [STAGE=…] [DURATION_MS=…]` |" in text
    assert "| `deploy-stg [YES=1]` |" in text
    assert "| `pipeline init [FOLDER] [SAMPLE=…] [YES=1]` |" in text


def test_errors_have_statuses_classes_and_messages() -> None:
    text = errors_page.text(130)
    assert "| 130 | interrupted" in text
    assert "| `DeniedError` |" in text
    assert "| RUNTIME=&lt;asked> is unknown | use RUNTIME=embedded or RUNTIME=docker | `local.runtimes` |" in text
    assert "| `launcher.instance` |" in text
