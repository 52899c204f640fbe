"""Reads, in threads of their own, what the pipeline writes while events are still put, and on to the end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType

from harness import failed, streams
from harness.console import Step
from harness.errors import HarnessError
from harness.ledger.verdicts import Ledger

# AWS allows five readings a second and shard; each costs the Kinesis server time that the pipeline needs.
READ_PAUSE = 0.2
FAILED_PAUSE = 1.0
CHECK_PAUSE = 0.05
# LocalStack's streams are there again before the rest of the pipeline is.
AFTER_OUTAGE_SECONDS = 120.0
# Reading rides out an outage of two minutes by itself.
DRAIN_SECONDS = 180.0


@dataclass(frozen=True)
class Timeouts:
    """When the ledger has heard enough.

    Attributes:
        quiet: seconds without any news after which missing events are given up; after an outage two minutes more.
        linger: seconds without news, once all have been heard of, in which repeated deliveries are waited for.
        deadline: seconds after the last put at which missing events are given up in any case.
    """

    quiet: float = 45.0
    linger: float = 1.0
    deadline: float = 900.0


class Watch:
    """Does something again and again in a thread of its own; use it as a context."""

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
        except Exception as error:  # told by the thread that waits
            self._error = error

    def check(self) -> None:
        """Raises what ended the thread, if anything did."""
        if self._error is not None:
            raise self._error


class Collector:
    """Enters predictions and failures in a ledger.

    Args:
        ledger: what to fill.
        reader: at the output stream's place before the first put.
        failures: what is new in the failed-events bucket.
    """

    def __init__(self, ledger: Ledger, reader: streams.Reader, failures: failed.NewFailures) -> None:
        self._ledger, self._reader, self._failures = ledger, reader, failures
        self._watches = (Watch(self._read, READ_PAUSE), Watch(self._list, FAILED_PAUSE))

    def __enter__(self) -> Collector:
        for watch in self._watches:
            watch.__enter__()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        for watch in self._watches:
            watch.__exit__()

    def check(self) -> None:
        """Raises what ended the reading, if anything did."""
        for watch in self._watches:
            watch.check()

    def _read(self) -> None:
        self._ledger.take_predictions(self._reader.read())

    def _list(self, *, now: bool = False) -> None:
        self._ledger.take_failures(self._failures.read(now=now))

    def wait(self, timeouts: Timeouts, step: Step) -> None:
        """Waits until something was heard of every event, or until patience ends; notes in the ledger which.

        Raises:
            HarnessError: the streams or the bucket could not be read.
        """
        ledger, deadline = self._ledger, time.monotonic() + timeouts.deadline
        while True:
            self.check()
            step.note(f"{ledger.answered} of {len(ledger.entries)} events answered")
            quiet = time.monotonic() - ledger.heard_at
            if ledger.complete and quiet > timeouts.linger:
                return
            if time.monotonic() > deadline:
                ledger.gave_up = f"the deadline of {timeouts.deadline:.0f} s after the last put has passed"
                return
            if quiet > (longest := timeouts.quiet + AFTER_OUTAGE_SECONDS * self._reader.cut_off):
                ledger.gave_up = f"nothing was heard for {longest:.0f} s"
                return
            time.sleep(CHECK_PAUSE)

    def drain(self) -> None:
        """Reads stream and bucket to their end, after the threads have stopped.

        Raises:
            HarnessError: the stream's end was not reached in three minutes.
        """
        deadline = time.monotonic() + DRAIN_SECONDS
        while True:
            self._read()
            if self._reader.at_end:
                break
            if time.monotonic() > deadline:
                raise HarnessError("the output stream's end was not reached", "does something else write to it?")
            time.sleep(READ_PAUSE)
        self._list(now=True)
