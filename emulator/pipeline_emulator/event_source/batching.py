"""Decides when a batch is complete, and which lane a record belongs to.

"How Lambda processes records from stream and queue-based event sources", section "Batching behavior"
(https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html): a batch is sent when the window
ends, the batch size is reached or the payload reaches 6 MB, whichever comes first.
"""

import zlib
from collections import deque
from collections.abc import Iterable

from pipeline_emulator.event_source.records import ENVELOPE_SIZE, StreamRecord
from pipeline_emulator.event_source.windows import window_of

# Quota "Invocation payload (request and response)", synchronous: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
PAYLOAD_LIMIT = 6 * 1024 * 1024


def lane_of(partition_key: str, lanes: int) -> int:
    """Return the lane of a partition key within its shard. It is always the same, which preserves the key's order.

    The hash is not MD5: Kinesis selects the shard by MD5, so within a shard its values cover only part of the range.
    """
    return zlib.crc32(partition_key.encode()) % lanes


class BatchAssembler:
    """Collects records in order and returns them in batches. The caller passes the time, in seconds."""

    def __init__(
        self, batch_size: int, window: float, payload_limit: int = PAYLOAD_LIMIT, tumbling_window: int = 0
    ) -> None:
        """Form batches of at most `batch_size` records and `payload_limit` bytes, waiting up to `window` seconds.

        With a `tumbling_window` (seconds) all records of a batch are of one.
        """
        self._tumbling_window = tumbling_window
        self._batch_size = batch_size
        self._window = window
        self._payload_limit = payload_limit
        self._records: deque[StreamRecord] = deque()
        self._window_start = 0.0
        self.backlog_bytes = 0

    def __len__(self) -> int:
        """Return the number of waiting records."""
        return len(self._records)

    def add(self, records: Iterable[StreamRecord], now: float) -> None:
        """Append `records`. The first record after a pause opens the window."""
        if not self._records:
            self._window_start = max(self._window_start, now)
        for record in records:
            self._records.append(record)
            self.backlog_bytes += record.size

    def invocation_ended(self, now: float) -> None:
        """Open the next window: it "begins as soon as the previous function invocation completes"."""
        self._window_start = now

    def take(self, now: float, flush: bool = False) -> list[StreamRecord]:
        """Return the next batch, or an empty list if none is due; `flush` ignores the window."""
        count, cut = self._fit()
        complete = cut or count == self._batch_size
        if not count or not (complete or flush or now >= self._window_start + self._window):
            return []
        batch = [self._records.popleft() for _ in range(count)]
        self.backlog_bytes -= sum(record.size for record in batch)
        return batch

    def seconds_to_wait(self, now: float) -> float | None:
        """Return the seconds until the window closes, or None if no record waits."""
        return max(0.0, self._window_start + self._window - now) if self._records else None

    def _window_of(self, record: StreamRecord) -> int:
        return window_of(record.arrival, self._tumbling_window)

    def _fit(self) -> tuple[int, bool]:
        """Return how many records fit into one batch, and whether the payload limit or a window's end cuts it."""
        size = ENVELOPE_SIZE
        for count, record in enumerate(self._records):
            if count == self._batch_size:
                return count, False
            size += record.size
            if count and self._tumbling_window and self._window_of(record) != self._window_of(self._records[0]):
                return count, True
            # A record over the limit is sent alone: the error of the invocation then decides what happens to it.
            if size > self._payload_limit and count:
                return count, True
        return len(self._records), False
