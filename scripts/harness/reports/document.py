"""What a report says, as data. The page, the JUnit file and the summary are made from it alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

type Cell = str | float | None


@dataclass(frozen=True)
class Case:
    """One check of a run; a test case in the JUnit file.

    Attributes:
        name: what must be true.
        failure: why it is not; empty if it is.
        seconds: how long it took, where that is known.
    """

    name: str
    failure: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Grid:
    """A table.

    Attributes:
        title: above it.
        columns: headings.
        rows: cells; None is shown as a dash.
        bars: column whose numbers are also drawn as bars; None for no bars.
        notes: below it.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    bars: int | None = None
    notes: Sequence[str] = ()
    kind: str = field(default="table", init=False)


@dataclass(frozen=True)
class Series:
    """One line of a chart: its name, and points of x and y."""

    name: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Mark:
    """Something that happened on a chart's time line.

    Attributes:
        at: when it began, in the chart's x.
        until: when it ended.
        name: what it was.
        detail: more about it.
    """

    at: float
    until: float
    name: str
    detail: str = ""


@dataclass(frozen=True)
class Lines:
    """A line chart over time, with marks for what happened during it.

    Attributes:
        title: above it.
        unit: of y.
        series: the lines, at most three; x is in seconds.
        marks: in chronological order.
    """

    title: str
    unit: str
    series: Sequence[Series]
    marks: Sequence[Mark] = ()
    kind: str = field(default="lines", init=False)


@dataclass(frozen=True)
class Event:
    """An event that went wrong.

    Attributes:
        event_id: shard and sequence number.
        verdict: of the ledger.
        way: time and text of each thing that is known of it, in order; an unknown time is empty.
        payload: its data as text.
    """

    event_id: str
    verdict: str
    way: Sequence[tuple[str, str]]
    payload: str


@dataclass(frozen=True)
class Events:
    """Events that went wrong.

    Attributes:
        title: above them.
        total: how many there are.
        events: the first of them.
    """

    title: str
    total: int
    events: Sequence[Event]
    kind: str = field(default="events", init=False)


@dataclass(frozen=True)
class Text:
    """Text in a fixed-width font: a message, a log.

    Attributes:
        title: above it.
        text: the text.
    """

    title: str
    text: str
    kind: str = field(default="text", init=False)


type Section = Grid | Lines | Events | Text


@dataclass(frozen=True)
class Document:
    """A report.

    Attributes:
        name: of its files; letters, digits and hyphens.
        title: what ran.
        verdict: the outcome in a sentence.
        cases: the checks; the run passed if all of them did.
        sections: the rest, in the page's order.
        written_at: when, ISO 8601.
    """

    name: str
    title: str
    verdict: str
    cases: Sequence[Case]
    sections: Sequence[Section] = ()
    written_at: str = field(default_factory=lambda: dt.datetime.now(dt.UTC).isoformat(timespec="seconds"))

    @property
    def passed(self) -> bool:
        """Whether every check passed, and there was one."""
        return bool(self.cases) and not any(case.failure for case in self.cases)

    def as_dict(self) -> dict[str, Any]:
        """Return everything, for JSON."""
        return {"passed": self.passed, **asdict(self)}
