"""`pipeline watch` on a terminal: the page's essentials, and the newest answers."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping, Sequence

from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from harness import console, streams, traffic
from harness.dashboard import problems
from harness.dashboard.local import ENDED
from harness.dashboard.points import ACTIVITY, ANSWER_SECONDS, NO_JOURNAL, Counter, Point
from harness.stack import interface
from harness.stack.clients import Clients
from harness.stack.state import Stack

PAUSE_SECONDS = 1.0
ANSWERS = 8
SHOWN = 5.0  # a latency stays for so many points after its event


def watch(stack: Stack) -> None:
    """Show what happens until Ctrl-C; lines of answers if the output is no terminal.

    Raises:
        HarnessError: LocalStack has ended, or keeps no journal.
    """
    if not console.out.is_terminal:
        traffic.watch(stack)
        return
    clients, names, counter = Clients(stack), stack.resources, Counter()
    s3, reader = clients.s3, streams.Reader(clients.kinesis, names.output_stream, "LATEST")
    answers: deque[str] = deque(maxlen=ANSWERS)
    points: deque[Point] = deque(maxlen=int(SHOWN))
    with traffic.ended_by_ctrl_c(), Live(console=console.out, auto_refresh=False, transient=False) as live:
        while True:
            began = time.monotonic()
            if not stack.alive():
                raise ENDED
            path = f"{ACTIVITY}?after={counter.after}"
            answer = interface.ask(stack, "GET", path, absent=NO_JOURNAL, seconds=ANSWER_SECONDS)
            points.append(counter.point(answer, names.source_stream, names.output_stream))
            if names.failed_events:
                points[-1].failed = problems.number_failed(s3, names.failed_events)
            answers.extend(read.data.decode(errors="replace") for read in reader.read())
            live.update(picture(stack.pipeline.name, points, counter.totals, list(answers)), refresh=True)
            time.sleep(max(0.05, PAUSE_SECONDS - (time.monotonic() - began)))


def picture(name: str, points: Sequence[Point], totals: Mapping[str, int], answers: Sequence[str]) -> RenderableType:
    """Return what the terminal shows.

    Args:
        name: of the pipeline.
        points: the newest ones, oldest first; at least one.
        totals: as `Counter` counts them.
        answers: the newest ones, oldest first.
    """
    now = points[-1]
    boxes = [
        _box("source", f"{now.put:,.1f} events/s", [("sent", _number(totals.get("put")))]),
        _box("mapping", f"{_number(_newest(points, 'batch'))} a batch", [
            ("iterator age", _milliseconds(_newest(points, "age"))), ("throttled", _number(totals.get("throttles")))]),
        _box("function", f"p50 {_milliseconds(_newest(points, 'p50'))}", [
            ("p99", _milliseconds(_newest(points, "p99"))), ("cold starts", _number(totals.get("cold"))),
            ("errors", _number(totals.get("errors")))]),
        _box("output", f"{now.out:,.1f} records/s", [
            ("written", _number(totals.get("out"))), ("failed events", _number(now.failed))]),
    ]  # fmt: skip
    lines = [Text(line, overflow="ellipsis", no_wrap=True) for line in answers]
    title = Text(f"{name} - {time.strftime('%H:%M:%S')} - Ctrl-C ends it", style="dim")
    return Group(title, Columns(boxes, equal=True), *lines)


def _box(title: str, big: str, rows: Sequence[tuple[str, str]]) -> Panel:
    table = Table.grid(padding=(0, 2))
    for label, value in rows:
        table.add_row(Text(label, style="dim"), value)
    return Panel(Group(Text(big, style="bold"), table), title=title)


def _newest(points: Sequence[Point], name: str) -> float | None:
    found = [value for point in points if (value := getattr(point, name)) is not None]
    return found[-1] if found else None


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:,.10g}"


def _milliseconds(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f} ms" if value < 1000 else f"{value / 1000:,.1f} s"
