"""The results as JSON, and as a table in Markdown."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from benchmarks.bench import handler, held, independent, loop, throughput
from benchmarks.bench.measure import Result
from harness import console, reports
from harness.machine.files import write_whole
from harness.paths import shown
from harness.pipeline import definition

WIDTH = 400  # so that no cell wraps in the file


def place(name: str) -> Path:
    """The file of this name for the pipeline's results."""
    return definition.current().cache / name


def titles(counts: Sequence[int]) -> dict[str, str]:
    """The figures in the table's order, by name: their titles.

    Args:
        counts: events of each throughput measurement.
    """
    rates = {throughput.rate_key(count): f"{count:,} events" for count in counts}
    cpu = {throughput.cpu_key(count): f"CPU time per 1,000 events, of {count:,}" for count in counts}
    return {
        "single_event_p50": "one event, put to prediction readable, p50",
        "single_event_p99": "the same, p99",
        "independent_rate": f"an independent client, {independent.EVENTS:,} events",
        **rates,
        **cpu,
        "put_one_p50": "PutRecord, p50",
        "put_one_of_stub": "the same, as a multiple of a stub's",
        "put_500_p50": "PutRecords of 500, p50",
        "put_500_of_stub": "the same, as a multiple of a stub's",
        **{held.key(level): f"PutRecords of 500, from {level:,} records held on, p50" for level in held.LEVELS},
        "bare_round_trip_p50": "bare round trip through Kinesis, p50",
        "bare_round_trip_p99": "the same, p99",
        "invoke_cold": "Invoke, cold, p50",
        "invoke_warm_p50": "Invoke, warm, p50",
        "invoke_warm_p99": "the same, p99",
        **handler.TITLES,
        **loop.TITLES,
        "cpu_at_rest": "CPU at rest",
        "cpu_of_others": "CPU used by everything else on the machine",
        "memory_at_rest": "memory at rest",
        "memory_afterwards": "memory after all events",
    }


def as_dict(results: Sequence[Result]) -> dict[str, Any]:
    """All results for JSON; CPU times and latencies in the figures' units."""
    return {
        "machine": {
            "cores": os.cpu_count(),
            "memory_gib": round(psutil.virtual_memory().total / 2**30),
            "system": f"{platform.system()} {platform.machine()}",
        },
        "targets": {
            result.target.name: {
                "title": result.target.title,
                "remark": result.target.remark,
                "not_measured": result.reason or None,
                "event_source_mapping": result.settings,
                "failed": result.failed,
                "faults": result.faults,
                "figures": {name: figure.as_dict() for name, figure in result.figures.items()},
            }
            for result in results
        },
    }


def write(results: Sequence[Result]) -> None:
    """Writes the JSON atomically."""
    write_whole(place("bench.json"), json.dumps(as_dict(results), indent=2))


def table(results: Sequence[Result], counts: Sequence[int]) -> tuple[Table, list[str]]:
    """The table, one column per target, and its footnotes.

    Args:
        results: of the targets, in column order.
        counts: events of each throughput measurement.
    """
    notes: list[str] = []

    def marked(text: str, note: str) -> str:
        if not note:
            return text
        if note not in notes:
            notes.append(note)
        return f"{text} \\[{notes.index(note) + 1}]"

    headings = [marked(result.target.title, result.target.remark) for result in results]
    drawn = Table("median (smallest-largest of the rounds)", *headings, box=box.MARKDOWN)
    for name, title in titles(counts).items():
        drawn.add_row(title, *(marked(*_cell(result, name)) for result in results))
    notes += _differences(results)
    return drawn, notes


def _cell(result: Result, name: str) -> tuple[str, str]:
    figure = result.figures.get(name)
    if figure is not None:
        return figure.text(), figure.remark
    if name in handler.TITLES and not result.failed and not result.reason:
        return "", ""  # the same code in every target
    if name in loop.TITLES and not result.target.ours and not result.reason:
        return "", ""  # commands of ours
    return "not measured", result.reason or "; ".join(result.failed)


def _differences(results: Sequence[Result]) -> list[str]:
    """The differences between a target's event source mapping and the first one's; they make figures incomparable."""
    known = [result for result in results if result.settings]
    return [
        f"{result.target.title}: {name} is {value}, not {known[0].settings[name]}"
        for result in known[1:]
        for name, value in result.settings.items()
        if value != known[0].settings[name]
    ]


def show(results: Sequence[Result], counts: Sequence[int]) -> None:
    """Prints the table and its footnotes, and writes them to a file."""
    drawn, notes = table(results, counts)
    table_file = place("bench.md")
    with table_file.open("w", encoding="utf-8") as file:
        wide = Console(file=file, width=WIDTH, highlight=False)
        for target in (wide, console.out) if console.out.is_terminal else (wide,):
            target.print(drawn)
            for number, note in enumerate(notes, 1):
                target.print(f"\\[{number}] {escape(note)}")
    if not console.out.is_terminal:
        print(table_file.read_text(encoding="utf-8"), end="")
    console.say(f"written to {shown(place('bench.json'))} and {shown(table_file)}")


def our_faults(result: Result) -> list[str]:
    """What must not happen to our own pipeline; nothing of other emulators."""
    return [*result.failed, *result.faults] if result.target.ours else []


def page(results: Sequence[Result], counts: Sequence[int]) -> reports.Document:
    """The report: the table, and what failed.

    Args:
        results: of the targets, in column order.
        counts: events of each throughput measurement.
    """
    cases = [reports.Case(result.target.title, "\n".join(our_faults(result))) for result in results]
    rows = [[title, *(_said(*_cell(result, name)) for result in results)] for name, title in titles(counts).items()]
    columns = ["median (smallest to largest of the rounds)", *(result.target.title for result in results)]
    notes = [*_differences(results), *(result.target.remark for result in results if result.target.remark)]
    verdict = "; ".join(f"{case.name}: {case.failure}" for case in cases if case.failure)
    return reports.Document(
        "bench",
        "Benchmark",
        verdict or f"{len(results)} targets, none of ours lost an event or predicted one wrongly",
        cases,
        [
            reports.Grid("Figures", columns, rows, notes=notes),
            reports.Grid("Machine", ("", "value"), list(as_dict(results)["machine"].items())),
        ],
    )


def _said(text: str, remark: str) -> str:
    return f"{text} ({remark})" if remark else text
