"""The delivery ledger: puts events and gives a verdict on each from what the pipeline wrote."""

from __future__ import annotations

import json
import math
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from harness import failed, streams
from harness.clients import Clients
from harness.console import Step
from harness.stack import Stack

# The ledger gives up on missing events when nothing at all arrived for so long.
QUIET_SECONDS = 45.0
FAILED_CHECK_SECONDS = 1.0
# Predictions travel as JSON text of a float32 result.
TOLERANCE = 1e-5


class Verdict(StrEnum):
    """What became of an event."""

    PREDICTED = "predicted"
    DUPLICATED = "predicted twice"
    FAILED = "failed with reason"
    WRONG = "wrong prediction"
    LOST = "lost"


@dataclass
class Entry:
    """One event in the ledger.

    Attributes:
        put: the acknowledged record.
        expected: the prediction it must get; None when it must fail.
        predictions: every prediction read for it.
        latencies: seconds from acknowledged to read, for each prediction.
        reasons: every failure read for it.
    """

    put: streams.Put
    expected: float | None = None
    predictions: list[float] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)

    @property
    def settled(self) -> bool:
        """Whether anything was heard of the event."""
        return bool(self.predictions or self.reasons)

    @property
    def verdict(self) -> Verdict:
        """What became of the event."""
        if not self.settled:
            return Verdict.LOST
        if any(self.expected is None or not _close(value, self.expected) for value in self.predictions):
            return Verdict.WRONG
        if self.reasons:
            return Verdict.FAILED
        return Verdict.DUPLICATED if len(self.predictions) > 1 else Verdict.PREDICTED


def _close(value: float, expected: float) -> bool:
    return math.isclose(value, expected, rel_tol=TOLERANCE, abs_tol=1e-3)


@dataclass
class Ledger:
    """All events of a run, by event id, and predictions that belong to none of them.

    Attributes:
        entries: event id to entry.
        strangers: predictions whose event id the ledger does not know.
        seconds: time from the first put to the last answer.
        heard: of how many entries anything was heard.
    """

    entries: dict[str, Entry] = field(default_factory=dict)
    strangers: list[str] = field(default_factory=list)
    seconds: float = 0.0
    heard: int = 0

    def take_predictions(self, records: Iterable[streams.Read], version: str | None = None) -> None:
        """Enters what was read from the output stream.

        Args:
            records: records of the output stream.
            version: the model version every prediction must name, if given.
        """
        for record in records:
            answer = json.loads(record.data)
            entry = self.entries.get(answer["event_id"])
            if entry is None:
                self.strangers.append(answer["event_id"])
                continue
            self.heard += not entry.settled
            event = json.loads(entry.put.data)
            honest = answer["prediction"]["sales_id"] == event["sales_id"] and version in (None, answer["version"])
            entry.predictions.append(float(answer["prediction"]["sales_prediction"]) if honest else math.nan)
            entry.latencies.append(record.read - entry.put.at)

    def take_failures(self, failures: Iterable[failed.Failed]) -> None:
        """Enters what was read from the failed-events bucket; a payload that was changed counts as lost."""
        for failure in failures:
            entry = self.entries.get(failure.event_id)
            if entry is not None and failure.data == entry.put.data and failure.reason not in entry.reasons:
                self.heard += not entry.settled
                entry.reasons.append(failure.reason)

    @property
    def counts(self) -> Counter[Verdict]:
        """How many events got which verdict."""
        return Counter(entry.verdict for entry in self.entries.values())

    @property
    def failures_expected(self) -> bool:
        """Whether exactly the events that must fail have failed."""
        return all((entry.verdict is Verdict.FAILED) == (entry.expected is None) for entry in self.entries.values())

    @property
    def passed(self) -> bool:
        """Nothing lost, nothing wrong, nothing failed that should not have."""
        return self.failures_expected and not self.counts[Verdict.LOST] and not self.counts[Verdict.WRONG]

    def percentile(self, share: float) -> float:
        """Latency below which `share` (0 to 1) of the predictions came, in seconds."""
        known = sorted(latency for entry in self.entries.values() for latency in entry.latencies[:1])
        return known[min(len(known) - 1, int(len(known) * share))] if known else math.nan

    def summary(self) -> dict[str, Any]:
        """Counts, rate in events per second and latencies in milliseconds."""
        total = len(self.entries)
        return {
            "events": total,
            **{verdict.value: self.counts[verdict] for verdict in Verdict},
            "events_per_second": round(total / self.seconds, 1) if self.seconds else None,
            "latency_p50_ms": round(self.percentile(0.5) * 1000, 1),
            "latency_p99_ms": round(self.percentile(0.99) * 1000, 1),
        }


def run(
    stack: Stack,
    records: Sequence[tuple[bytes, str]],
    expected: Callable[[Sequence[bytes]], Sequence[float | None]],
    step: Step,
    rate: float | None = None,
) -> Ledger:
    """Puts records on the source stream and follows each to its end.

    Args:
        stack: a stack that is up.
        records: data and partition key of each.
        expected: gives the prediction each record must get, None for records that must fail.
        step: gets told how far it has come.
        rate: records per second at most; None for as fast as possible.

    Returns:
        The ledger, complete or given up on after `QUIET_SECONDS` without an answer.
    """
    clients = Clients(stack)
    reader = streams.Reader(clients.kinesis, stack.outputs["predictions_stream_name"], "LATEST")
    ledger = Ledger()
    answers = expected([data for data, _ in records])
    with streams.Follower(reader) as follower:
        started = time.monotonic()
        puts = streams.put(clients.kinesis, stack.outputs["source_stream_name"], records, rate)
        for count, (put, answer) in enumerate(zip(puts, answers, strict=True), 1):
            ledger.entries[put.event_id] = Entry(put, answer)
            step.note(f"{count} of {len(records)} events put")
        last = _settle(ledger, follower, clients, stack, step)
    ledger.seconds = last - started
    return ledger


def _settle(ledger: Ledger, follower: streams.Follower, clients: Clients, stack: Stack, step: Step) -> float:
    """Waits until something was heard of every event; the time of the last news."""
    s3, bucket = clients.s3, stack.outputs["failed_events_bucket"]
    last_news = last_check = time.monotonic()
    settled = 0
    seen: set[str] = set()
    while True:
        ledger.take_predictions(follower.take(), stack.run_id)
        if time.monotonic() - last_check > FAILED_CHECK_SECONDS:
            ledger.take_failures(failed.read(s3, bucket, seen))
            last_check = time.monotonic()
        if ledger.heard > settled:
            settled, last_news = ledger.heard, time.monotonic()
        step.note(f"{settled} of {len(ledger.entries)} events answered")
        if settled == len(ledger.entries) or time.monotonic() - last_news > QUIET_SECONDS:
            ledger.take_failures(failed.read(s3, bucket, seen))
            return last_news
        time.sleep(streams.FOLLOW_PAUSE)  # the follower brings nothing new in less
