"""The table of monthly costs, printed and written between two marks of docs/first-deployment.md."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from harness import console, paths
from harness.cost import estimate, settings
from harness.cost import prices as price_list
from harness.cost.workload import Workload
from harness.errors import HarnessError
from harness.paths import shown

RATES = (0, 1, 100, 1000)  # events per second
STAGE = "stg"
PATH = paths.ROOT / "docs" / "first-deployment.md"
BEGIN = "<!-- written by `make cost`: begin -->\n"
END = "<!-- written by `make cost`: end -->\n"
WIDTH = 400  # no cell is wrapped
SECOND_REGION = price_list.REFERENCE
MARK = " †"


def text(stage: str, rates: Sequence[float], duration_ms: float | None = None) -> str:
    """The table and what it is reckoned with, as Markdown.

    Args:
        stage: whose Terraform variables count.
        rates: events per second of the columns; 0 is idle.
        duration_ms: of an invocation; None takes what was measured on one machine.

    Raises:
        HarnessError: no such stage, or no prices of its region.
    """
    made_of = settings.read(stage)
    prices = price_list.load(made_of.region)
    works = [Workload(rate, duration_ms) for rate in rates]
    bills = [estimate.lines(made_of, prices, work) for work in works]
    table = Table(f"USD a month, {stage} in {made_of.region}", box=box.MARKDOWN)
    for rate in rates:
        table.add_column(f"{rate:,g} event{'s' if rate != 1 else ''}/s" if rate else "idle", justify="right")
    for row in zip(*bills, strict=True):
        mark = MARK if prices.stands_in(*row[0].prices) else ""
        table.add_row(row[0].title + mark, *(f"{line.usd:,.2f}" for line in row))
    table.add_row("**total**", *(f"**{estimate.total(bill):,.2f}**" for bill in bills))
    if made_of.region != SECOND_REGION:
        there = price_list.load(SECOND_REGION)
        totals = [estimate.total(estimate.lines(made_of, there, work)) for work in works]
        table.add_row(f"total at the prices of {SECOND_REGION}", *(f"{total:,.2f}" for total in totals))
    table.add_row("shards of each stream", *(_shards(made_of, work) for work in works))
    table.add_row("invocations per second", *(f"{estimate.invocations(made_of, work):,g}" for work in works))
    table.add_row("ms billed for each", *(f"{estimate.billed_ms(made_of, work):,g}" for work in works))
    return "\n".join([_drawn(table), *_notes(made_of, prices, works[0])])


def _shards(made_of: settings.Settings, work: Workload) -> str:
    needed = estimate.shards_needed(work)
    if needed <= made_of.shards:
        return f"{made_of.shards}, which suffice"
    return f"{needed}: the stage's {made_of.shards} do not suffice"


def _drawn(table: Table) -> str:
    file = io.StringIO()
    Console(file=file, width=WIDTH, highlight=False).print(table)
    return "\n".join(line.rstrip() for line in file.getvalue().strip().splitlines()) + "\n"


def _notes(made_of: settings.Settings, prices: price_list.Prices, work: Workload) -> list[str]:
    pages = sorted({price.page for price in prices.by_name.values()})
    stand_ins = sorted(name for name, price in prices.by_name.items() if price.stands_in)
    duration = (
        f"{work.duration_ms:g} ms (DURATION_MS)"
        if work.duration_ms is not None
        else f"{work.invocation_ms} ms and {work.event_ms} ms for each further event, as measured on one machine "
        f"with a whole core, times {max(1.0, estimate.MEMORY_OF_ONE_CPU / made_of.memory_mb):.2f} for the share of a "
        f"core that {made_of.memory_mb} MB get; AWS's network is not in it (DURATION_MS=… sets your own)"
    )
    notes = [
        f"List prices as of {prices.as_of}, from memory and to be checked, without taxes and free tier: "
        + ", ".join(f"[{page.split('/')[3]}]({page})" for page in pages)
        + f". They are in {shown(price_list.PATH)}.",
        f"A month has {estimate.HOURS} h; the rate is even over the month and the shards. Batches of up to "
        f"{made_of.batch_size}; Lambda asks each shard once every {max(1, made_of.batching_window_seconds)} s.",
        f"Duration of an invocation: {duration}.",
        f"An event has {work.event_bytes} bytes and a prediction {work.prediction_bytes}, a PUT payload unit each. "
        f"A shard takes 1,000 records or 1 MiB a second; keys that are not spread evenly need more shards.",
        "Left out: GETs of the model at cold starts, readers of the predictions, data transfer out of the region, SNS.",
        "Storage is reckoned at its upper bound: as many images as the repository keeps, each whole and uncompressed.",
    ]
    if stand_ins:
        notes.append(
            f"†: the price in {made_of.region} is not known here and that of {price_list.REFERENCE} stands in "
            f"({', '.join(stand_ins)}). Put yours into the file: other regions can be half as dear again."
        )
    return [f"- {note}" for note in notes] + [""]


def written(document: str, table: str) -> str:
    """The document with the table between its marks.

    Raises:
        HarnessError: the marks are not there.
    """
    before, begin, rest = document.partition(BEGIN)
    _old, end, after = rest.partition(END)
    if not begin or not end:
        raise HarnessError(f"{shown(PATH)} lacks the marks of the cost table", f"add the lines {BEGIN}{END}")
    return f"{before}{begin}\n{table}\n{end}{after}"


def run(rate: float | None, stage: str, duration_ms: float | None, path: Path = PATH) -> None:
    """Prints the table, and writes it to the documents where it is the standard one.

    Args:
        rate: events per second of the one column beside idle; None for the standard rates.
        stage: whose Terraform variables count.
        duration_ms: of an invocation; None takes what was measured.
        path: the document.
    """
    table = text(stage, RATES if rate is None else (0, rate), duration_ms)
    print(table)
    if rate is None and stage == STAGE and duration_ms is None:
        path.write_text(written(path.read_text(encoding="utf-8"), table), encoding="utf-8")
        console.say(f"written to {shown(path)}")
