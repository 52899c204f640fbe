"""Asks the emulator once a second what happened, keeps the last hour, and passes it on to open pages."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from starlette.concurrency import run_in_threadpool

from harness.dashboard import problems
from harness.dashboard.local import Current
from harness.dashboard.points import ACTIVITY, ANSWER_SECONDS, NO_JOURNAL, Counter, Point
from harness.errors import HarnessError
from harness.stack import interface

PAUSE_SECONDS = 1.0
KEPT = 3600
BUCKET_SECONDS = 3.0
# The page's process ends by itself if its stack was removed without `local-down`.
GONE_SECONDS = 60.0
QUEUED = 30


class Live:
    """The last hour.

    Args:
        current: finds the stack.
        end: ends the server.
    """

    def __init__(self, current: Current, end: Callable[[], None]) -> None:
        self._current = current
        self._end = end
        self._points: deque[Point] = deque(maxlen=KEPT)
        self._counter = Counter()
        self._listeners: set[asyncio.Queue[str]] = set()
        self._failed: int | None = None
        self._failed_at = 0.0
        self._gone_since: float | None = None

    @property
    def totals(self) -> dict[str, int]:
        """Counts since the page's start."""
        return dict(self._counter.totals)

    async def run(self) -> None:
        """Add a point per second, until cancelled."""
        while True:
            began = time.monotonic()
            point = await run_in_threadpool(self._next)
            self._points.append(point)
            text = _message("point", {"point": point.as_json(), "totals": self.totals})
            for queue in list(self._listeners):
                with contextlib.suppress(asyncio.QueueFull):  # a page that does not read misses points
                    queue.put_nowait(text)
            self._end_if_gone(point)
            await asyncio.sleep(max(0.05, PAUSE_SECONDS - (time.monotonic() - began)))

    async def messages(self) -> AsyncIterator[str]:
        """Yield the last hour, and then each point, as server-sent events."""
        queue: asyncio.Queue[str] = asyncio.Queue(QUEUED)
        self._listeners.add(queue)
        try:
            points = [point.as_json() for point in self._points]
            yield _message("hour", {"points": points, "totals": self.totals})
            while True:
                yield await queue.get()
        finally:
            self._listeners.discard(queue)

    def _next(self) -> Point:
        phase, stack = self._current.find()
        if phase != "running" or stack is None:
            return Point(time.time(), phase, failed=self._failed)
        try:
            path = f"{ACTIVITY}?after={self._counter.after}"
            answer = interface.ask(stack, "GET", path, absent=NO_JOURNAL, seconds=ANSWER_SECONDS)
            point = self._counter.point(answer, stack.resources.source_stream, stack.resources.output_stream)
            point.failed = self._failed_events()
        except (HarnessError, ClientError, BotoCoreError):
            phase = self._current.find()[0]  # it may have just ended
            return Point(time.time(), "silent" if phase == "running" else phase, failed=self._failed)
        return point

    def _failed_events(self) -> int | None:
        """Return the number of failed events; asks S3 only now and then."""
        if time.monotonic() < self._failed_at + BUCKET_SECONDS:
            return self._failed
        local = self._current.local()
        bucket = local.stack.resources.failed_events
        if bucket is not None:
            self._failed = problems.number_failed(local.s3, bucket)
        self._failed_at = time.monotonic()
        return self._failed

    def _end_if_gone(self, point: Point) -> None:
        if point.phase != "gone":
            self._gone_since = None
            return
        self._gone_since = self._gone_since or time.monotonic()
        if time.monotonic() > self._gone_since + GONE_SECONDS:
            self._end()


def _message(name: str, document: Any) -> str:
    return f"event: {name}\ndata: {json.dumps(document)}\n\n"
