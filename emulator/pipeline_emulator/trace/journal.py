"""The journal: the newest attempts of all mappings, counts of what was put, and the IAM decisions of role sessions."""

import threading
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline_emulator.arn import parse_function_arn
from pipeline_emulator.event_source.batch_run import Discard, Invocation, Outcome
from pipeline_emulator.event_source.records import StreamRecord
from pipeline_emulator.event_source.settings import MappingSettings
from pipeline_emulator.iam.decision import Decision
from pipeline_emulator.kinesis.hooks import Put
from pipeline_emulator.kinesis.streams.stream import Placed, Stream
from pipeline_emulator.lambda_runtime.reports import Report
from pipeline_emulator.trace.attempt import Attempt, made
from pipeline_emulator.trace.discarded import Discarded

# About 10 MB at most.
MOST_ATTEMPTS, MOST_RECORDS, MOST_DECISIONS = 5_000, 50_000, 5_000
MOST_DISCARDED = 100_000  # records, about 30 MB; an answer has no more than a tenth of them
# Reports wait here for the end of their attempt. Those of other invocations are pushed out.
_MOST_REPORTS = 200


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision of IAM, and whether the request was refused."""

    at: float
    decision: Decision
    refused: bool


class Journal:
    """What happened to events since LocalStack's start. Thread-safe."""

    def __init__(self) -> None:
        """Start empty."""
        self.began = time.time()
        self._lock = threading.Lock()
        self._number = 0
        self._attempts: deque[Attempt] = deque()
        self._records = 0
        self._reports: dict[str, Report] = {}
        self._decisions: deque[Decided] = deque(maxlen=MOST_DECISIONS)
        self._put: Counter[str] = Counter()
        self._discarded: Counter[str] = Counter()
        self._given_up: deque[Discarded] = deque(maxlen=MOST_DISCARDED)
        self._given_up_number = 0

    def count_put(
        self,
        stream: Stream,
        _operation: Put,
        _start: float,
        _end: float,
        sizes: Sequence[int],
        _placed: Sequence[Placed],
    ) -> None:
        """Count the records of a put."""
        with self._lock:
            self._put[stream.name.name] += len(sizes)

    def keep_report(self, _function_arn: str, report: Report) -> None:
        """Keep Lambda's figures until the attempt ends that caused the invocation."""
        with self._lock:
            self._reports[report.request_id] = report
            if len(self._reports) > _MOST_REPORTS:
                del self._reports[next(iter(self._reports))]

    def add(
        self,
        settings: MappingSettings,
        shard_id: str,
        records: Sequence[StreamRecord],
        started: float,
        outcome: Outcome,
    ) -> None:
        """Add an attempt that has just ended."""
        request_id = outcome.request_id if isinstance(outcome, Invocation) else ""
        with self._lock:
            self._number += 1
            report = self._reports.pop(request_id, None)
            self._attempts.append(
                made(self._number, settings, shard_id, records, started, time.time(), outcome, report)
            )
            self._records += len(records)
            while len(self._attempts) > MOST_ATTEMPTS or (self._records > MOST_RECORDS and len(self._attempts) > 1):
                self._records -= len(self._attempts.popleft().sequence_numbers)

    def discard(self, settings: MappingSettings, shard_id: str, discard: Discard) -> None:
        """Keep the records that were given up, and note it at their last attempt."""
        numbers = {record.sequence_number for record in discard.records}
        with self._lock:
            self._discarded[settings.stream_name] += len(numbers)
            for number in sorted(numbers):
                self._given_up_number += 1
                self._given_up.append(Discarded.of(self._given_up_number, settings, shard_id, number, discard))
            for attempt in reversed(self._attempts):
                if attempt.is_of(settings, shard_id) and not numbers.isdisjoint(attempt.sequence_numbers):
                    attempt.discarded = discard.condition
                    return

    def decide(self, decision: Decision, refused: bool) -> None:
        """Keep a decision about a role's session: functions act as such."""
        if ":assumed-role/" in decision.principal:
            self._decisions.append(Decided(time.time(), decision, refused))

    def activity(self, after: int) -> dict[str, Any]:
        """Return the counts since the start, and the attempts with a number above `after`."""
        with self._lock:
            new = [attempt for attempt in self._attempts if attempt.number > after]
            put, discarded = dict(self._put), dict(self._discarded)
        attempts = [attempt.as_json() | {"latencies_ms": attempt.latencies()} for attempt in new]
        return {"now": time.time(), "began": self.began, "put": put, "discarded": discarded, "attempts": attempts}

    def given_up(self, stream: str, after: int) -> dict[str, Any]:
        """Return the records of a stream that mappings gave up, with a number above `after`, oldest first.

        Unlike attempts, they include those that grew too old before any invocation.
        """
        with self._lock:
            new = [each for each in self._given_up if each.number > after and each.settings.stream_name == stream]
        return {"began": self.began, "discarded": [each.as_json() for each in new[: MOST_DISCARDED // 10]]}

    def of_record(self, stream: str, shard_id: str, sequence_number: int) -> Iterator[dict[str, Any]]:
        """Yield the attempts with a record, oldest first, each with its IAM decisions."""
        with self._lock:
            found = [
                attempt
                for attempt in self._attempts
                if attempt.shard_id == shard_id
                and attempt.settings.stream_name == stream
                and sequence_number in attempt.sequence_numbers
            ]
            decided = list(self._decisions)
        for attempt in found:
            yield attempt.as_json() | {
                "state_of_record": attempt.state_of(sequence_number),
                "position": attempt.sequence_numbers.index(sequence_number) + 1,
                "decisions": _decisions_during(attempt, decided),
            }


def _decisions_during(attempt: Attempt, decided: Sequence[Decided]) -> list[dict[str, Any]]:
    """Return the decisions about the function's session during an attempt, equal ones once with their count."""
    session = "/" + parse_function_arn(attempt.settings.function_arn)[2]
    merged: dict[tuple[Any, ...], dict[str, Any]] = {}
    for each in decided:
        found = each.decision
        if not (attempt.started <= each.at <= attempt.ended and found.principal.endswith(session)):
            continue
        entry = merged.setdefault(
            (found.action, found.resource, found.allowed, each.refused),
            {
                "at": each.at,
                "action": found.action,
                "resource": found.resource,
                "allowed": found.allowed,
                "refused": each.refused,
                "explanation": found.explanation,
                "count": 0,
            },
        )
        entry["count"] += 1
    return list(merged.values())


JOURNAL = Journal()
"""The process's journal."""
