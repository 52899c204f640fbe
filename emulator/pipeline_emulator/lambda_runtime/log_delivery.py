"""Delivers a function's log to CloudWatch Logs, with the function's own permissions."""

import contextlib
import logging
import queue
import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple

LOG = logging.getLogger(__name__)

# Messages are collected for this long: a busy function costs a few calls per second, not one per message.
_LINGER_SECONDS = 0.2
# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
_MAX_EVENTS, _MAX_BYTES, _EVENT_OVERHEAD_BYTES = 10_000, 1_048_576, 26
# https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html: LogResult holds the last 4 KB.
_TAIL_BYTES = 4096
# Limit of what waits for delivery: a function can write faster than CloudWatch Logs accepts. Each message also counts
# the size of its Python objects.
_MAX_WAITING_BYTES, _OBJECT_BYTES = 16 * 2**20, 256


class LogEvent(NamedTuple):
    """One message; the time is in milliseconds since 1970."""

    timestamp: int
    message: str


class FunctionLog:
    """The log of one execution environment. Delivers it and keeps its tail for the caller of Invoke.

    Args:
        group: Log group.
        stream: Log stream; created with the first message.
        make_client: Returns a boto3 `logs` client with the credentials of the function's role.
    """

    def __init__(self, group: str, stream: str, make_client: Callable[[], Any]) -> None:
        self._destination = {"logGroupName": group, "logStreamName": stream}
        self._make_client = make_client
        self._queue: queue.SimpleQueue[LogEvent | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._waiting_bytes = 0
        self._dropped = 0
        self._tail = ""
        self._warnings: set[str] = set()
        threading.Thread(target=self._deliver, name="lambda-log", daemon=True).start()

    def add(self, timestamp: int, message: str) -> None:
        """Add a message. Drops blank messages, which CloudWatch Logs rejects, and those that come too fast."""
        if message.strip():
            self._tail = (self._tail + message)[-_TAIL_BYTES:]
            self._enqueue(LogEvent(timestamp, message), limited=True)

    def add_now(self, message: str) -> None:
        """Add a message of the platform with the present time. It is never dropped, and begins a line."""
        ended = not self._tail or self._tail.endswith("\n")
        self._tail = (self._tail + ("" if ended else "\n") + message)[-_TAIL_BYTES:]
        self._enqueue(LogEvent(_now_ms(), message), limited=False)

    def begin_tail(self) -> None:
        """Start a new tail, for the next invocation."""
        self._tail = ""

    def tail(self) -> str:
        """Return the last 4 KB of the log since `begin_tail`."""
        return self._tail

    def close(self) -> None:
        """Deliver the rest in the background."""
        self._queue.put(None)

    def _enqueue(self, event: LogEvent, *, limited: bool) -> None:
        with self._lock:
            if limited and self._waiting_bytes >= _MAX_WAITING_BYTES:
                self._dropped += 1
                return
            self._waiting_bytes += _memory(event)
        self._queue.put(event)

    def _deliver(self) -> None:
        client: Any = None
        while events := [*self._collect(), *self._drop_notice()]:
            try:
                client = client or self._make_client()
                for batch in batches(events):
                    self._put(client, batch)
            except Exception as error:  # whatever the client raises: the function keeps running, as on AWS
                self._warn(str(error))
            with self._lock:
                self._waiting_bytes -= sum(map(_memory, events))

    def _drop_notice(self) -> list[LogEvent]:
        """Return a message about those dropped since the last delivery, or nothing if none was."""
        with self._lock:
            if not self._dropped:
                return []
            message = f"[{self._dropped} log messages were dropped: they came faster than they could be delivered]\n"
            self._dropped = 0
            event = LogEvent(_now_ms(), message)
            self._waiting_bytes += _memory(event)
            return [event]

    def _collect(self) -> list[LogEvent]:
        """Wait for messages and return them. An empty list ends the delivery."""
        events: list[LogEvent] = []
        deadline = None
        while deadline is None or time.monotonic() < deadline:  # even if messages keep coming
            try:
                event = self._queue.get(timeout=deadline and max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                return events
            if event is None:
                self._queue.put(None)  # ends the delivery after these messages
                return events
            events.append(event)
            deadline = deadline or time.monotonic() + _LINGER_SECONDS
        return events

    def _put(self, client: Any, batch: list[LogEvent]) -> None:
        events = [event._asdict() for event in batch]
        try:
            client.put_log_events(**self._destination, logEvents=events)
        except client.exceptions.ResourceNotFoundException:
            self._create_stream(client)
            client.put_log_events(**self._destination, logEvents=events)

    def _create_stream(self, client: Any) -> None:
        """Create the stream. Create the group only if it is missing: most roles may not create groups."""
        try:
            client.create_log_stream(**self._destination)
        except client.exceptions.ResourceNotFoundException:
            with contextlib.suppress(client.exceptions.ResourceAlreadyExistsException):  # by another environment
                client.create_log_group(logGroupName=self._destination["logGroupName"])
            client.create_log_stream(**self._destination)

    def _warn(self, reason: str) -> None:
        if reason not in self._warnings:
            self._warnings.add(reason)
            LOG.warning("log of %s is not delivered: %s", self._destination["logGroupName"], reason)


def _memory(event: LogEvent) -> int:
    return len(event.message) + _OBJECT_BYTES


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def batches(events: list[LogEvent]) -> list[list[LogEvent]]:
    """Return events in order of time, split into batches that one PutLogEvents accepts."""
    result: list[list[LogEvent]] = []
    size = 0
    for event in sorted(events, key=lambda event: event.timestamp):
        event_size = len(event.message.encode()) + _EVENT_OVERHEAD_BYTES
        if not result or size + event_size > _MAX_BYTES or len(result[-1]) == _MAX_EVENTS:
            result.append([])
            size = 0
        result[-1].append(event)
        size += event_size
    return result
