"""The table of `make cost`, and its copy in the docs."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import markdown
from harness.cost import table
from harness.errors import HarnessError


def replaced(document: str, content: str) -> str:
    return markdown.replaced(table.PATH, document, table.BEGIN, table.END, content)


def row(text: str, title: str) -> list[str]:
    [line] = [line for line in text.splitlines() if line.startswith(f"| {title}")]
    return [cell.strip() for cell in line.strip("|").split("|")][1:]


def amount(cell: str) -> float:
    return float(cell.strip("*").replace(",", ""))


def test_the_docs_have_the_current_table() -> None:
    document = table.PATH.read_text(encoding="utf-8")
    assert replaced(document, table.text(table.STAGE, table.RATES)) == document, "run `make cost`"


def test_the_total_is_the_sum_of_the_lines() -> None:
    text = table.text("stg", table.RATES)
    lines = text.splitlines()[2:]
    end = next(number for number, line in enumerate(lines) if "**total**" in line)
    cells = [[amount(cell) for cell in line.strip("|").split("|")[1:]] for line in lines[:end]]
    sums = [sum(column) for column in zip(*cells, strict=True)]
    assert [amount(cell) for cell in row(text, "**total**")] == pytest.approx(sums, abs=0.005 * len(cells))


def test_it_says_whether_the_shards_suffice() -> None:
    assert row(table.text("stg", (1000, 2001)), "shards per stream") == [
        "2, enough", "3: the stage's 2 are not enough",
    ]  # fmt: skip


def test_substitute_prices_are_marked_and_explained() -> None:
    text = table.text("stg", (0,))
    assert row(text, f"Kinesis: shards of both streams{table.MARK}")
    assert "†: the price in ap-south-1 is unknown" in text
    assert "as of 2026-11-24, entered from memory (check them), without taxes and free tier" in text


def test_a_given_duration_is_used() -> None:
    assert row(table.text("stg", (100,), duration_ms=123), "ms billed") == ["123"]


def test_only_the_text_between_the_marks_is_replaced() -> None:
    document = f"before\n{table.BEGIN}old\n{table.END}after\n"
    assert replaced(document, "new\n") == f"before\n{table.BEGIN}\nnew\n\n{table.END}after\n"


@pytest.mark.parametrize("document", ["no marks", table.BEGIN, table.END])
def test_a_document_without_marks_is_refused(document: str) -> None:
    with pytest.raises(HarnessError, match="lacks the marks"):
        replaced(document, "new")


def test_only_the_standard_table_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "doc.md"
    file.write_text(table.BEGIN + table.END)
    table.run(5, "stg", None, file)
    table.run(None, "prod", None, file)
    table.run(None, "stg", 30, file)
    assert file.read_text() == table.BEGIN + table.END
    assert "5 events/s" in capsys.readouterr().out
    table.run(None, "stg", None, file)
    assert "1,000 events/s" in file.read_text()
