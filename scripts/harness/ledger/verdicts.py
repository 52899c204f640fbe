"""All events of a run and their answers. Thread-safe."""

from __future__ import annotations

import datetime as dt
import json
import math
import threading
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from harness import failed, streams
from harness.errors import HarnessError
from harness.ledger import copies, order, strange
from harness.ledger.entries import Answer, Entry, Rules, State, Verdict, as_text
from harness.pipeline.definition import Pipeline
from harness.stack.discards import Discard

PERCENTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "max": 1.0}


class Ledger:
    """All events of a run by event id, and records that belong to none of them.

    Args:
        pipeline: how its answers are read and compared.

    Attributes:
        entries: event id to entry.
        unreadable: number of records in the output stream that refer to no event.
        strange: what is strange about the first of them, for the user; empty if there is none.
        seconds: from the first put to the last first answer.
        heard_at: time.monotonic() of the last answer for a known event.
        gave_up: why the ledger stopped before every event was answered; empty if all were.
        broken: what ended the run early, if anything did.
        not_put: events that were never acknowledged because the run ended early.
        failed_so_far: number of events that have failed without a prediction, by reason without details.
        unexpected: whether one of them should not have.
        destinations: ARNs of what has failure records of events, besides the failed-events bucket.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        self.entries: dict[str, Entry] = {}
        # Without `ledger.source_id`, answers refer to events by their own ids.
        self._by_id: dict[str, Entry] = {}
        self._unknown: list[Answer] = []
        self.unreadable, self.strange = 0, ""
        self.seconds = 0.0
        self.heard_at = time.monotonic()
        self.gave_up = ""
        self.broken: HarnessError | None = None
        self.not_put = 0
        self.failed_so_far: Counter[str] = Counter()
        self.unexpected = False
        self.destinations: set[str] = set()
        self._pipeline, self._rules = pipeline, Rules.of(pipeline)
        self._states: Counter[State] = Counter()
        self._last_answer = 0.0
        self._first_put = math.inf
        self._position = 0
        self._lock = threading.Lock()
        # A prediction can be read before the put is acknowledged: it waits here for its entry.
        self._early: dict[str, list[Answer]] | None = {}
        self._early_discards: dict[str, Discard] = {}

    def enter(self, put: streams.Put, expected: Any) -> None:
        """Enter an event that was put.

        Args:
            put: the acknowledged record.
            expected: what the answer must have; None if the event must fail.
        """
        entry = Entry(put, None if expected is None else json.dumps(expected).encode())
        identity = self._rules.identity
        reference = put.event_id if identity.source else as_text(identity.id_in(put.data))
        with self._lock:
            self.entries[put.event_id] = entry
            self._states[entry.state] += 1
            if not identity.source:
                self._by_id[reference] = entry
            self._first_put = min(self._first_put, put.at)
            for answer in (self._early or {}).pop(reference, ()):
                self._take(entry, answer)
            if discard := self._early_discards.pop(put.event_id, None):
                self._discard(entry, discard)

    def _find(self, answer: Answer) -> Entry | None:
        return (self.entries if self._rules.identity.source else self._by_id).get(answer.reference)

    def all_entered(self) -> None:
        """Declare that no more events will be put: predictions for unknown events belong to another run."""
        with self._lock:
            self.heard_at = time.monotonic()
            self._unknown += [answer for answers in (self._early or {}).values() for answer in answers]
            self._early = None

    def take_predictions(self, records: Iterable[streams.Read]) -> None:
        """Enter records of the output stream, which must be in order for each partition key."""
        with self._lock:
            for record in records:
                self._position += 1
                answer = Answer.of(record, self._position, self._rules.identity)
                if answer is None:
                    self.unreadable += 1
                    self.strange = self.strange or strange.told(record.data, self._pipeline)
                elif entry := self._find(answer):
                    self._take(entry, answer)
                elif self._early is None:
                    self._unknown.append(answer)
                else:
                    self._early.setdefault(answer.reference, []).append(answer)

    def _take(self, entry: Entry, answer: Answer) -> None:
        before = entry.state
        entry.take_prediction(answer, self._rules)
        self._heard(entry, before, answer.arrived)

    def _heard(self, entry: Entry, before: State, at: float, code: str = "") -> None:
        """Count what has come of an event; its state was another one before, and `code` is why it failed."""
        self.heard_at = time.monotonic()
        if entry.state is before:
            return
        self._states[before] -= 1
        self._states[entry.state] += 1
        if entry.state is State.FAILED:
            # A copy, because another thread may be reading the counts.
            self.failed_so_far = self.failed_so_far + Counter([code])
            self.unexpected = self.unexpected or entry.expected is not None
        if before not in (State.PREDICTED, State.FAILED) and entry.answered:
            self._last_answer = max(self._last_answer, at)

    def take_failures(self, failures: Iterable[failed.Failed]) -> None:
        """Enter failures from the failed-events bucket."""
        for failure in failures:
            with self._lock:
                entry = self.entries.get(failure.event_id)
                if entry is None:
                    continue
                before = entry.state
                entry.take_failure(failure.reason, failure.data, failure.partition_key, failure.attempts)
                self._heard(entry, before, _written(failure), failure.code.partition(" (")[0])

    def take_discards(self, discards: Iterable[Discard]) -> None:
        """Enter events that the mapping gave up and the failed-events bucket does not get."""
        for discard in discards:
            with self._lock:
                if entry := self.entries.get(discard.event_id):
                    self._discard(entry, discard)
                elif self._early is not None:  # those of another run are nobody's
                    self._early_discards[discard.event_id] = discard

    def _discard(self, entry: Entry, discard: Discard) -> None:
        before = entry.state
        entry.take_discard(discard)
        if discard.destination:
            self.destinations.add(discard.destination)
        self._heard(entry, before, time.time(), discard.code)

    @property
    def answered(self) -> int:
        """Number of events that were answered."""
        return self._states[State.PREDICTED] + self._states[State.FAILED]

    @property
    def predicted(self) -> int:
        """Number of events with a prediction."""
        return self._states[State.PREDICTED]

    @property
    def complete(self) -> bool:
        """Whether every event was answered, or is known to be gone."""
        return not self._states[State.WAITING]

    def breaks(self, error: HarnessError, not_put: int = 0) -> None:
        """Record what ended the run early.

        Args:
            error: the cause.
            not_put: number of events that were never acknowledged.
        """
        self.broken, self.gave_up, self.not_put = error, error.cause, not_put

    def close(self) -> None:
        """End the run."""
        with self._lock:
            self._unknown = copies.match(self._unknown, self.entries.values(), self._rules)
        self.seconds = max(0.0, self._last_answer - self._first_put) if self.answered else 0.0

    @property
    def strangers(self) -> list[str]:
        """What the predictions for events that were not put by this run refer to."""
        return [answer.reference for answer in self._unknown]

    @property
    def counts(self) -> Counter[Verdict]:
        """Number of events by verdict."""
        return Counter(entry.verdict for entry in self.entries.values())

    @property
    def out_of_order(self) -> int:
        """Number of events delivered after a later one with the same keys; marks them as `late`."""
        return order.judge(self.entries.values())

    @property
    def failures_expected(self) -> bool:
        """Whether the failed events are exactly those that must fail."""
        return all((entry.verdict is Verdict.FAILED) == (entry.expected is None) for entry in self.entries.values())

    @property
    def passed(self) -> bool:
        """Whether nothing was lost, wrong, unreadable, out of order or failed unexpectedly. Duplicates are allowed.

        A run that ended early does not pass.
        """
        counts = self.counts
        bad = counts[Verdict.LOST] + counts[Verdict.WRONG] + self.unreadable + self.out_of_order
        return not bad and self.failures_expected and self.broken is None

    def latencies(self) -> list[float]:
        """Return the seconds from each put to the arrival of the first prediction, in ascending order."""
        return sorted(entry.latency for entry in self.entries.values() if entry.predictions)

    def summary(self) -> dict[str, Any]:
        """Return counts, the rate in events per second, and latencies in milliseconds."""
        total, counts, known = len(self.entries), self.counts, self.latencies()
        entries = self.entries.values()
        return {
            "events": total,
            "not put": self.not_put,
            **{verdict.value: counts[verdict] for verdict in Verdict},
            "out of order": self.out_of_order,
            "extra predictions": sum(max(0, entry.predictions + entry.copies - 1) for entry in entries),
            "put twice": sum(1 for entry in entries if entry.copies),
            "predicted and failed": sum(1 for entry in entries if entry.predictions and entry.reasons),
            "failed unexpectedly": sum(1 for entry in entries if entry.reasons and entry.expected is not None),
            "unreadable records": self.unreadable,
            "of other events": len(self.strangers),
            "events_per_second": round(total / self.seconds, 1) if self.seconds else None,
            **{f"latency_{name}_ms": percentile(known, share) for name, share in PERCENTILES.items()},
        }


def _written(failure: failed.Failed) -> float:
    """Return when a failure was written, in seconds since the epoch; a large bucket is read much later."""
    try:
        return dt.datetime.fromisoformat(failure.failed_at).timestamp()
    except ValueError:
        return time.time()


def percentile(ascending: Sequence[float], share: float) -> float | None:
    """Return the nearest-rank percentile of seconds, in milliseconds; None if there are none."""
    if not ascending:
        return None
    return round(ascending[max(0, math.ceil(len(ascending) * share) - 1)] * 1000, 1)
