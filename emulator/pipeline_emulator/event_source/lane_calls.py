"""The invocations of a lane: with the tumbling window of its shard, if the mapping has windows, and counted."""

import time
from collections.abc import Sequence

from pipeline_emulator.event_source import hooks
from pipeline_emulator.event_source.batch_run import Invocation, Outcome
from pipeline_emulator.event_source.invoker import LambdaInvoker
from pipeline_emulator.event_source.records import StreamRecord
from pipeline_emulator.event_source.settings import MappingSettings
from pipeline_emulator.event_source.windows import GRACE_SECONDS, OpenWindow, WindowView, window_of


class LaneCalls:
    """Invokes a function for a lane. Not thread-safe: only the lane's thread uses it."""

    def __init__(self, settings: MappingSettings, shard_id: str, window: OpenWindow, invoker: LambdaInvoker) -> None:
        """Continue with the open window of a shard, which is unused without tumbling windows."""
        self._settings = settings
        self._seconds = settings.tumbling_window
        self._shard_id = shard_id
        self._window = window
        self._invoker = invoker
        self.is_too_large = False

    def invoke(self, records: Sequence[StreamRecord]) -> Outcome:
        """Invoke the function with records of one window, and keep the state that it returns."""
        view = None
        if self._seconds:
            self._window.enter(window_of(records[0].arrival, self._seconds))
            view = self._view()
        outcome = self._invoker.invoke(records, view) if view else self._invoker.invoke(records)
        self._count(records, outcome)
        # Of a response that names failed records, too: its state is that after the others.
        if view and isinstance(outcome, Invocation) and (outcome.succeeded or outcome.first_failed is not None):
            self.is_too_large = self._window.keep(outcome.response)
        return outcome

    def must_close(self, batch: Sequence[StreamRecord], *, closed: bool, waiting: int = 0) -> bool:
        """Return whether the open window has ended: by its time, by a batch of another one, or with the shard.

        Args:
            batch: the next batch; empty if none is due.
            closed: whether no records follow.
            waiting: the number of records that wait for a batch.
        """
        start = self._window.start
        if not self._seconds or start is None:
            return False
        if batch:
            return window_of(batch[0].arrival, self._seconds) != start
        return not waiting and (closed or self._left() <= 0)

    def close_window(self) -> Outcome:
        """Send the final invocation of the open window."""
        return self._invoker.invoke((), self._view(final=True, early=self.is_too_large))

    def leave_window(self) -> None:
        """Drop the window and its state."""
        self._window.close()
        self.is_too_large = False

    def seconds_to_wait(self, seconds: float | None) -> float | None:
        """Return `seconds` (None: for ever), or less if the open window ends earlier."""
        if not self._seconds or self._window.start is None:
            return seconds
        left = max(0.01, self._left())
        return left if seconds is None else min(seconds, left)

    def _left(self) -> float:
        """Return the seconds until the open window ends."""
        assert self._window.start is not None
        return self._window.start + self._seconds + GRACE_SECONDS - time.time()

    def _view(self, *, final: bool = False, early: bool = False) -> WindowView:
        assert self._window.start is not None
        source = self._settings.event_source_arn
        return WindowView(self._window.start, self._seconds, self._window.state, self._shard_id, source, final, early)

    def _count(self, records: Sequence[StreamRecord], outcome: Outcome) -> None:
        """Count the events of an invocation; each attempt counts, as AWS documents it."""
        failed = len(records)
        if isinstance(outcome, Invocation):
            hooks.events_counted(self._settings, "InvokedEventCount", len(records))
            if outcome.succeeded:
                failed = 0
            elif (first := outcome.first_failed) is not None:
                failed = sum(record.sequence_number >= first for record in records)
        hooks.events_counted(self._settings, "FailedInvokeEventCount", failed)
