"""Turns what the emulator says about attempts into one point per second, and totals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from harness.errors import NoAnswerError

ACTIVITY = "/_pipeline/activity"
ANSWER_SECONDS = 5.0
NO_JOURNAL = NoAnswerError("this LocalStack keeps no journal", "it is an older version: make local-down local-up")


@dataclass
class Point:
    """What happened since the last point; None where nothing did.

    Attributes:
        at: seconds since the epoch.
        put, done: events put on the source stream, and events whose batch was processed, per second.
        out: records put on the output stream per second.
        invocations, errors, throttles, cold: attempts that ran, failed, could not run, and had a cold start.
        batch: mean number of events of a batch.
        p50, p99: milliseconds from an event's arrival on the source stream until its batch was done.
        age: largest iterator age in milliseconds.
        failed: failed events in the bucket now; None if the pipeline has none.
        phase: `running`, `starting`, `ended`, `gone` or `silent` (it runs and does not answer).
    """

    at: float
    phase: str
    put: float = 0.0
    done: float = 0.0
    out: float = 0.0
    invocations: int = 0
    errors: int = 0
    throttles: int = 0
    cold: int = 0
    batch: float | None = None
    p50: float | None = None
    p99: float | None = None
    age: float | None = None
    failed: int | None = None

    def as_json(self) -> dict[str, Any]:
        """Return it for the page."""
        return asdict(self)


@dataclass
class Counter:
    """Remembers the emulator's counts, of which the next answer shows the difference.

    Attributes:
        began: when the LocalStack started that counts; another one counts from 0.
        after: number of the last attempt seen.
        at: time of the last answer.
        totals: since the page's start: put, done, out, invocations, errors, throttles, cold, discarded.
    """

    began: float = 0.0
    after: int = 0
    at: float = 0.0
    totals: dict[str, int] = field(default_factory=dict)
    _put: dict[str, int] = field(default_factory=dict)

    def point(self, answer: Mapping[str, Any], source: str, output: str) -> Point:
        """Return what an answer of the emulator adds to the last one.

        Args:
            answer: of `/_pipeline/activity`.
            source: the source stream's name.
            output: the output stream's name.
        """
        newest = max([self.after, *(each["number"] for each in answer["attempts"])])
        if answer["began"] != self.began:
            first = self.at == 0.0  # what happened before is no burst now
            self.began, self.after, self._put = answer["began"], newest if first else 0, {}
            if first:
                self._put = dict(answer["put"])
        seconds = max(0.2, answer["now"] - self.at) if self.at else 1.0
        attempts = [each for each in answer["attempts"] if each["number"] > self.after and each["stream"] == source]
        self.after = max([self.after, *(each["number"] for each in answer["attempts"])])
        put, out = (answer["put"].get(name, 0) - self._put.get(name, 0) for name in (source, output))
        self.at, self._put = answer["now"], dict(answer["put"])
        point = _summed(Point(answer["now"], "running"), attempts, seconds)
        point.put, point.out = round(put / seconds, 1), round(out / seconds, 1)
        self._count(point, attempts, put, out)
        return point

    def _count(self, point: Point, attempts: Iterable[Mapping[str, Any]], put: int, out: int) -> None:
        done = sum(sum(each["latencies_ms"].values()) for each in attempts)
        new = {"put": put, "out": out, "done": done, "invocations": point.invocations, "errors": point.errors}
        for name, number in (new | {"throttles": point.throttles, "cold": point.cold}).items():
            self.totals[name] = self.totals.get(name, 0) + number


def _summed(point: Point, attempts: list[dict[str, Any]], seconds: float) -> Point:
    ran = [each for each in attempts if each["state"] != "not invoked"]
    point.invocations = len(ran)
    point.errors = sum(each["state"] in ("failed", "partly") for each in ran)
    point.throttles = len(attempts) - len(ran)
    point.cold = sum(each["init_ms"] is not None for each in ran)
    if attempts:
        point.batch = round(sum(each["records"] for each in attempts) / len(attempts), 1)
        point.age = max(each["iterator_age_ms"] for each in attempts)
    latencies: dict[float, int] = {}
    for each in attempts:
        for text, number in each["latencies_ms"].items():
            latencies[float(text)] = latencies.get(float(text), 0) + number
    point.done = round(sum(latencies.values()) / seconds, 1)
    point.p50, point.p99 = quantile(latencies, 0.5), quantile(latencies, 0.99)
    return point


def quantile(counted: Mapping[float, int], share: float) -> float | None:
    """Return the smallest value that at least a share of the counted ones do not exceed; None if there are none."""
    left = share * sum(counted.values())
    for value in sorted(counted):
        left -= counted[value]
        if left <= 1e-9:
            return value
    return None
