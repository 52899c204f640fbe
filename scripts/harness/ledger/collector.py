"""Collects what the pipeline writes, in threads, from the first put to the end of the run."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import TracebackType

from harness import failed, streams
from harness.errors import HarnessError
from harness.ledger.progress import Progress
from harness.ledger.verdicts import Ledger
from harness.stack.discards import Discard

# AWS allows five reads per second and shard. Each also takes time that the pipeline needs from the Kinesis server.
READ_PAUSE = 0.2
FAILED_PAUSE = 1.0
CHECK_PAUSE = 0.05
# After an outage LocalStack's streams are back before the rest of the pipeline.
AFTER_OUTAGE_SECONDS = 120.0
# Reading alone can take two minutes if there is an outage.
DRAIN_SECONDS = 180.0

type Discards = Callable[[], Iterable[Discard]]


@dataclass(frozen=True)
class Timeouts:
    """When the ledger stops waiting.

    Attributes:
        quiet: seconds without an answer after which missing events are given up; two minutes more after an outage.
        linger: seconds to wait for repeated deliveries after every event has been answered.
        deadline: seconds after the last put at which missing events are given up in any case.
    """

    quiet: float = 45.0
    linger: float = 1.0
    deadline: float = 900.0


class Watch:
    """Calls a function repeatedly in a thread; use it as a context."""

    def __init__(self, look: Callable[[], None], pause: float) -> None:
        self._look, self._pause = look, pause
        self._stop = threading.Event()
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            while not self._stop.wait(self._pause):
                self._look()
        except Exception as error:  # reported by the thread that waits
            self._error = error

    def check(self) -> None:
        """Raise the error that ended the thread, if any."""
        if self._error is not None:
            raise self._error


class Collector:
    """Enters predictions and failures in a ledger.

    Args:
        ledger: to fill.
        reader: of the output stream, positioned before the first put.
        failures: reads new objects of the failed-events bucket.
        discards: returns the events that the mapping gave up since the last call, and the bucket does not get.
    """

    def __init__(
        self, ledger: Ledger, reader: streams.Reader, failures: failed.NewFailures, discards: Discards
    ) -> None:
        self._ledger, self._reader, self._failures, self._discards = ledger, reader, failures, discards
        self._watches = (Watch(self._read, READ_PAUSE), Watch(self._list, FAILED_PAUSE))

    def __enter__(self) -> Collector:
        for watch in self._watches:
            watch.__enter__()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        for watch in self._watches:
            watch.__exit__()

    def check(self) -> None:
        """Raise the error that ended the reading, if any."""
        for watch in self._watches:
            watch.check()

    def _read(self) -> None:
        self._ledger.take_predictions(self._reader.read())

    def _list(self, *, now: bool = False) -> None:
        self._ledger.take_failures(self._failures.read(now=now))
        self._ledger.take_discards(self._discards())

    def wait(self, timeouts: Timeouts, progress: Progress) -> None:
        """Wait until every event has been answered or a timeout passes, and record which in the ledger.

        Raises:
            HarnessError: the streams or the bucket could not be read.
        """
        ledger, deadline = self._ledger, time.monotonic() + timeouts.deadline
        while True:
            self.check()
            progress.show()
            quiet = time.monotonic() - ledger.heard_at
            if ledger.complete and quiet > timeouts.linger:
                return
            if time.monotonic() > deadline:
                ledger.gave_up = f"the deadline of {timeouts.deadline:.0f} s after the last put has passed"
                return
            if quiet > (longest := timeouts.quiet + AFTER_OUTAGE_SECONDS * self._reader.cut_off):
                ledger.gave_up = f"no answer for {longest:.0f} s"
                return
            time.sleep(CHECK_PAUSE)

    def drain(self) -> None:
        """Read stream and bucket to their end, after the threads have stopped.

        Raises:
            HarnessError: the end of the stream was not reached in three minutes.
        """
        deadline = time.monotonic() + DRAIN_SECONDS
        while True:
            self._read()
            if self._reader.at_end:
                break
            if time.monotonic() > deadline:
                raise HarnessError(
                    "the output stream's end was not reached", "check whether something else writes to it"
                )
            time.sleep(READ_PAUSE)
        self._list(now=True)
