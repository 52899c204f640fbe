"""The invocations, retries, splits and discards of one batch: all decisions, no side effects.

"Retain discarded batch records for a Kinesis Data Streams event source in Lambda"
(https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html): a function error is retried until
the records expire, exceed the maximum age or reach the retry quota. An invocation that never reached the function
(throttling) is retried until the records expire or exceed the maximum age. "Splitting batches doesn't consume the retry
quota."
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from pipeline_emulator.event_source.records import StreamRecord
from pipeline_emulator.event_source.retries import backoff
from pipeline_emulator.event_source.settings import MappingSettings

Condition = Literal["RetryAttemptsExhausted", "RecordAgeExceeded"]


@dataclass(frozen=True)
class Invocation:
    """The function ran. `function_error` is None if it returned `response`.

    `first_failed` is from `response.first_failed`.
    """

    request_id: str
    status_code: int = 200
    executed_version: str = "$LATEST"
    function_error: str | None = None
    succeeded: bool = True
    first_failed: int | None = None
    response: bytes = b""


@dataclass(frozen=True)
class NotInvoked:
    """The function could not be run: it was throttled, missing or inactive, or the service failed."""

    reason: str


Outcome = Invocation | NotInvoked


@dataclass(frozen=True)
class Discard:
    """Records given up, with the data of their failure record. `invocation` is None if the function never ran."""

    records: Sequence[StreamRecord]
    condition: Condition
    invoke_count: int
    invocation: Invocation | None


@dataclass(frozen=True)
class Step:
    """What to do after an outcome: record `completed`, deliver `discarded`, then wait `delay` seconds."""

    completed: Sequence[StreamRecord] = ()
    discarded: Discard | None = None
    delay: float = 0.0


@dataclass
class _Part:
    """A contiguous part of the batch. `failures` counts toward the retry quota, `pauses` drives the backoff."""

    records: Sequence[StreamRecord]
    failures: int = 0
    invocations: int = 0
    pauses: int = 0
    last: Invocation | None = field(default=None)


class BatchRun:
    """The unfinished parts of one batch, in order."""

    def __init__(self, records: Sequence[StreamRecord], settings: MappingSettings) -> None:
        """Start with the whole batch as its only part."""
        self._settings = settings
        self._parts: deque[_Part] = deque([_Part(records)] if records else [])

    @property
    def current(self) -> Sequence[StreamRecord]:
        """The records of the next invocation; empty if the batch is done."""
        return self._parts[0].records if self._parts else ()

    def expire(self, now: float, paused_since: Callable[[float], float] = lambda _moment: 0.0) -> Discard | None:
        """Give up the leading records of the current part that exceed the maximum age at `now` (epoch seconds).

        They do not age for the seconds that `paused_since` returns for their arrival.
        """
        age = self._settings.maximum_record_age
        if age is None or not self._parts:
            return None
        part = self._parts[0]

        def is_fresh(record: StreamRecord) -> bool:
            return now - record.arrival - paused_since(record.arrival) < age

        fresh = next((i for i, record in enumerate(part.records) if is_fresh(record)), len(part.records))
        if not fresh:
            return None
        expired, rest = part.records[:fresh], part.records[fresh:]
        if rest:
            part.records = rest
        else:
            self._parts.popleft()
        return Discard(expired, "RecordAgeExceeded", part.invocations, part.last)

    def apply(self, outcome: Outcome) -> Step:
        """Decide what to do after invoking the function with `current`."""
        part = self._parts[0]
        if isinstance(outcome, NotInvoked):
            return self._pause(part)
        part.invocations += 1
        part.last = outcome
        if outcome.succeeded:
            self._parts.popleft()
            return Step(completed=part.records)
        done = self._done_before(part, outcome)
        if done:
            return self._continue_after(part, done)
        if self._settings.bisect_on_error and len(part.records) > 1:
            return self._split(part)
        return self._retry_or_discard(part)

    def _done_before(self, part: _Part, outcome: Invocation) -> int:
        """Return how many leading records a partial response marks as done."""
        if outcome.first_failed is None:
            return 0
        return sum(record.sequence_number < outcome.first_failed for record in part.records)

    def _continue_after(self, part: _Part, done: int) -> Step:
        """Move the checkpoint to the first failed record. The rest is a new, shorter batch with a whole quota.

        The failure just reported does not count: after it, a record with three retries was invoked four more times,
        and its failure record had a count of four (recorded on AWS by LocalStack's tests,
        `test_kinesis_report_batch_item_failures`).
        """
        self._parts[0] = _Part(part.records[done:], last=part.last)
        return Step(part.records[:done])

    def _split(self, part: _Part) -> Step:
        middle = len(part.records) // 2
        self._parts.popleft()
        self._parts.extendleft((_Part(part.records[middle:]), _Part(part.records[:middle])))
        return Step()

    def _retry_or_discard(self, part: _Part) -> Step:
        part.failures += 1
        quota = self._settings.maximum_retry_attempts
        if quota is None or part.failures <= quota:
            return self._pause(part)
        self._parts.popleft()
        return Step(discarded=Discard(part.records, "RetryAttemptsExhausted", part.invocations, part.last))

    def _pause(self, part: _Part) -> Step:
        part.pauses += 1
        return Step(delay=backoff(part.pauses))
