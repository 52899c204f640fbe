"""The table in docs/peers.md: how many tests of each file pass, on each target."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.peers import expectations
from benchmarks.peers.expectations import Outcome
from harness import markdown, paths

PATH = paths.ROOT / "docs" / "peers.md"
BEGIN, END = markdown.marks("make peers WRITE=1")
type Results = Mapping[str, Outcome]


def write(results: Mapping[str, Results], titles: Mapping[str, str], files: tuple[str, ...]) -> None:
    """Write the table.

    Args:
        results: of each target that was run.
        titles: of the targets, in the order of their columns.
        files: in the order of their rows.
    """
    content = "\n".join(table(results, titles, files))
    PATH.write_text(markdown.replaced(PATH, PATH.read_text(), BEGIN, END, f"{content}\n"))


def table(results: Mapping[str, Results], titles: Mapping[str, str], files: tuple[str, ...]) -> list[str]:
    """Return the table's lines."""
    columns = [name for name in titles if name in results]
    rows = [["tests", *(titles[name] for name in columns)]]
    for file in files:
        rows.append([file.rpartition("/")[2], *(_cell(of_file(results[name], file)) for name in columns)])
    rows.append(["all", *(_cell(results[name]) for name in columns)])
    return [markdown.row(rows[0]), markdown.row(["---"] * len(rows[0])), *(markdown.row(row) for row in rows[1:])]


def of_file(results: Results, file: str) -> dict[str, Outcome]:
    """Return the results of a file's tests."""
    return {test: outcome for test, outcome in results.items() if test.startswith(f"{file}::")}


def _cell(results: Results) -> str:
    count = expectations.counts(results)
    return f"{count.strict} of {count.run} ({count.lenient})"
