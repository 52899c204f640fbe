"""One ordered sequence of batches: a shard has ParallelizationFactor lanes."""

import logging
import threading
import time
from collections.abc import Callable, Sequence

from pipeline_emulator.event_source import hooks
from pipeline_emulator.event_source.batch_run import BatchRun, Discard, Invocation, Outcome
from pipeline_emulator.event_source.batching import BatchAssembler
from pipeline_emulator.event_source.destination import FailureDestination
from pipeline_emulator.event_source.invoker import LambdaInvoker
from pipeline_emulator.event_source.lane_calls import LaneCalls
from pipeline_emulator.event_source.progress import ShardProgress
from pipeline_emulator.event_source.records import StreamRecord
from pipeline_emulator.event_source.retries import backoff
from pipeline_emulator.event_source.settings import MappingSettings
from pipeline_emulator.event_source.stop import Stop
from pipeline_emulator.pause import PAUSE

LOG = logging.getLogger(__name__)

# A lane's maximum backlog, at which reading of its shard pauses: two full payloads, or 10,000 small records.
BACKLOG_BYTES = 12 * 1024 * 1024
BACKLOG_RECORDS = 10_000


class Lane:
    """Takes records in order, forms batches and finishes each before the next."""

    def __init__(
        self,
        name: str,
        shard_id: str,
        settings: MappingSettings,
        progress: ShardProgress,
        invoker: LambdaInvoker,
        destination: FailureDestination,
        report: Callable[[Outcome], None],
        stop: Stop,
    ) -> None:
        """Prepare the lane; `report` is called with every outcome."""
        self._shard_id = shard_id
        self._settings = settings
        self._progress = progress
        self._destination = destination
        self._report = report
        self._stop = stop
        self._assembler = BatchAssembler(
            settings.batch_size, settings.batching_window, tumbling_window=settings.tumbling_window
        )
        self._calls = LaneCalls(settings, shard_id, progress.window, invoker)
        self._changed = threading.Condition()
        self._closed = False
        self._abandoned = False
        self.failed = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Start the lane's thread."""
        self._thread.start()

    def join(self) -> None:
        """Wait until the lane has ended."""
        self._thread.join()

    def add(self, records: Sequence[StreamRecord]) -> None:
        """Append records, blocking while the backlog is full. An ending lane leaves them to the next start."""
        with self._changed:
            self._changed.wait_for(lambda: self._ending() or not self._full())
            self._assembler.add(records, time.monotonic())
            self._changed.notify_all()

    def close(self) -> None:
        """End after the remaining records, which are sent without waiting for the window; no record follows."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def abandon(self) -> None:
        """End after the current invocation; unfinished records are read again from the checkpoint."""
        with self._changed:
            self._abandoned = True
            self._changed.notify_all()

    def wake(self) -> None:
        """Make the lane check its stop request."""
        with self._changed:
            self._changed.notify_all()

    def _full(self) -> bool:
        return self._assembler.backlog_bytes >= BACKLOG_BYTES or len(self._assembler) >= BACKLOG_RECORDS

    def _ending(self) -> bool:
        return self._stop.requested.is_set() or self._abandoned or self.failed

    def _run(self) -> None:
        try:
            self._work()
        except Exception:
            LOG.exception("Mapping %s: a lane of %s failed", self._settings.uuid, self._shard_id)
            with self._changed:
                self.failed = True
                self._changed.notify_all()

    def _work(self) -> None:
        while (batch := self._next_batch()) is not None:
            if self._calls.must_close(batch, closed=self._closed):
                with PAUSE.batch():
                    self._close_window()
            if batch:
                self._process(batch)
            with self._changed:
                self._assembler.invocation_ended(time.monotonic())

    def _next_batch(self) -> list[StreamRecord] | None:
        """Wait for the next batch and return it.

        Return an empty batch if none is due, but a tumbling window has ended; None if the lane must end.
        """
        with self._changed:
            while not self._ending():
                now = time.monotonic()
                batch = self._assembler.take(now, flush=self._closed)
                if batch or self._calls.must_close(batch, closed=self._closed, waiting=len(self._assembler)):
                    self._changed.notify_all()
                    return batch
                if self._closed:
                    break
                self._changed.wait(self._calls.seconds_to_wait(self._assembler.seconds_to_wait(now)))
        return None

    def _close_window(self) -> None:
        """Send the final invocation of the open window, until it succeeds or its retries are exhausted."""
        failures = 0
        while not self._ending():
            outcome = self._calls.close_window()
            if self._stop.aborted and not (isinstance(outcome, Invocation) and outcome.succeeded):
                return
            self._report(outcome)
            if isinstance(outcome, Invocation):
                failures += not outcome.succeeded
                quota = self._settings.maximum_retry_attempts
                if outcome.succeeded or (quota is not None and failures > quota):
                    self._calls.leave_window()
                    return
            self._stop.requested.wait(backoff(max(1, failures)))

    def _process(self, batch: list[StreamRecord]) -> None:
        run = BatchRun(batch, self._settings)
        while run.current and not self._ending():
            with PAUSE.batch():
                delay = 0.0 if self._ending() else self._attempt(run)
            if delay:
                self._stop.requested.wait(delay)

    def _attempt(self, run: BatchRun) -> float:
        """Send the current part of a batch, and note the outcome; return the seconds until the next attempt."""
        if expired := run.expire(time.time(), self._paused_since):
            self._discard(expired)
            return 0.0
        hooks.batch_sent(self._settings, run.current[-1].arrival)
        records, started = run.current, time.time()
        outcome = self._calls.invoke(records)
        if self._stop.aborted and not (isinstance(outcome, Invocation) and outcome.succeeded):
            self._stop.abort()
            return 0.0
        self._report(outcome)
        hooks.attempt_ended(self._settings, self._shard_id, records, started, outcome)
        step = run.apply(outcome)
        self._complete(step.completed)
        if self._calls.is_too_large:
            self._close_window()
        if step.discarded:
            self._discard(step.discarded)
        return step.delay

    def _paused_since(self, moment: float) -> float:
        return hooks.paused_since(self._settings, moment) or 0.0

    def _discard(self, discard: Discard) -> None:
        # Delivered before it counts as done: an interruption in between repeats the delivery instead of losing it.
        settled = self._destination.send(discard, self._shard_id, self._stop.requested)
        if settled and not self._stop.aborted:
            self._complete(discard.records)
            hooks.batch_discarded(self._settings, self._shard_id, discard)

    def _complete(self, records: Sequence[StreamRecord]) -> None:
        self._progress.complete([record.sequence_number for record in records])
