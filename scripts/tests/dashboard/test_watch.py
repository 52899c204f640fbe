"""What `pipeline watch` shows on a terminal."""

from __future__ import annotations

import io

from rich.console import Console

from harness.dashboard.points import Point
from harness.dashboard.watch import picture


def shown(*points: Point) -> str:
    console = Console(file=io.StringIO(), width=100, force_terminal=True, color_system=None)
    console.print(picture("orders", points, {"put": 1234, "errors": 2}, ['{"id": 1}', "x" * 300]))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert max(map(len, text.splitlines())) <= 100
    return str(text)


def test_the_newest_values_are_shown() -> None:
    text = shown(Point(1, "running", p50=17.0, batch=4.0), Point(2, "running", put=12.5, failed=3))
    for part in ("orders", "12.5 events/s", "4 a batch", "p50 17 ms", "1,234", '{"id": 1}'):
        assert part in text


def test_before_the_first_event_there_are_no_invented_values() -> None:
    assert "p50 -" in shown(Point(1, "running"))
