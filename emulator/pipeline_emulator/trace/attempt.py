"""One attempt of a mapping to get a batch processed, as the API presents it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeline_emulator.event_source.batch_run import Invocation, Outcome
from pipeline_emulator.event_source.records import StreamRecord
from pipeline_emulator.event_source.settings import MappingSettings
from pipeline_emulator.lambda_runtime.reports import Report


@dataclass(slots=True)
class Attempt:
    """An invocation with a batch, or the refusal to make one. Times are in seconds since the epoch.

    Attributes:
        number: of this attempt since LocalStack's start, from 1.
        settings: of the mapping.
        shard_id: the shard that the batch is from.
        sequence_numbers: of the batch's records, in order; empty for the end of a tumbling window.
        arrivals: when each of them arrived on the stream.
        started, ended: of the attempt.
        outcome: what came of it.
        report: Lambda's own figures, if the function ran.
        discarded: why the records were given up after this attempt; None if they were not.
    """

    number: int
    settings: MappingSettings
    shard_id: str
    sequence_numbers: tuple[int, ...]
    arrivals: tuple[float, ...]
    started: float
    ended: float
    outcome: Outcome
    report: Report | None = None
    discarded: str | None = field(default=None)

    @property
    def state(self) -> str:
        """`succeeded`, `partly`, `failed` or `not invoked`."""
        if not isinstance(self.outcome, Invocation):
            return "not invoked"
        if self.outcome.succeeded:
            return "succeeded"
        return "failed" if self.outcome.first_failed is None else "partly"

    def is_of(self, settings: MappingSettings, shard_id: str) -> bool:
        """Return whether it is an attempt of a mapping with records of a shard."""
        return self.settings.uuid == settings.uuid and self.shard_id == shard_id

    def state_of(self, sequence_number: int) -> str:
        """Return what came of one record: the records before the first failed one are done."""
        first = self.outcome.first_failed if isinstance(self.outcome, Invocation) else None
        if first is None:
            return self.state
        return "succeeded" if sequence_number < first else "failed"

    def as_json(self) -> dict[str, Any]:
        """Return the attempt without its records."""
        outcome, report = self.outcome, self.report
        ran = outcome if isinstance(outcome, Invocation) else None
        return {
            "number": self.number,
            "mapping": self.settings.uuid,
            "function": self.settings.function_arn,
            "stream": self.settings.stream_name,
            "shard_id": self.shard_id,
            "records": len(self.sequence_numbers),
            "started": self.started,
            "ended": self.ended,
            "state": self.state,
            "reason": outcome.function_error if isinstance(outcome, Invocation) else outcome.reason,
            "request_id": ran.request_id if ran else None,
            "version": ran.executed_version if ran else None,
            "iterator_age_ms": _milliseconds(self.arrivals[-1], self.started) if self.arrivals else 0.0,
            "duration_ms": report.duration_ms if report else None,
            "init_ms": report.init_ms if report else None,
            "max_memory_bytes": report.max_memory_bytes if report else None,
            "error_type": report.error_type if report else None,
            "status": report.status if report else None,
            "discarded": self.discarded,
        }

    def latencies(self) -> dict[str, int]:
        """Return how many records were done after how many milliseconds since they arrived, to two digits."""
        done = self.sequence_numbers if self.state in ("succeeded", "partly") else ()
        counted: Counter[str] = Counter()
        for number, arrival in zip(done, self.arrivals, strict=False):
            if self.state_of(number) == "succeeded":
                counted[f"{_milliseconds(arrival, self.ended):.2g}"] += 1
        return dict(counted)


def made(
    number: int,
    settings: MappingSettings,
    shard_id: str,
    records: Sequence[StreamRecord],
    started: float,
    ended: float,
    outcome: Outcome,
    report: Report | None,
) -> Attempt:
    """Return an attempt, which keeps numbers and times of the records, but not the records."""
    numbers = tuple(record.sequence_number for record in records)
    arrivals = tuple(record.arrival for record in records)
    return Attempt(number, settings, shard_id, numbers, arrivals, started, ended, outcome, report)


def _milliseconds(since: float, until: float) -> float:
    return max(0.0, until - since) * 1000
