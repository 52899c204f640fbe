"""Rate limits of a shard: https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html."""

MIB = 2**20

WRITE_BYTES_PER_SECOND = 1 * MIB
WRITE_RECORDS_PER_SECOND = 1_000
READ_BYTES_PER_SECOND = 2 * MIB
READS_PER_SECOND = 5


class Allowance:
    """A token bucket that holds one second's worth. Not thread-safe: the shard locks."""

    def __init__(self, per_second: float) -> None:
        """Start full, refilling at `per_second`."""
        self._per_second = per_second
        self._left = per_second
        self._filled_at = 0.0

    def has(self, amount: float, now: float) -> bool:
        """Return whether `amount` can be taken at `now` (seconds since the epoch)."""
        self._left = min(self._per_second, self._left + max(0.0, now - self._filled_at) * self._per_second)
        self._filled_at = now
        return self._left >= amount

    def take(self, amount: float) -> None:
        """Take `amount`. Taking more than is left delays later requests, as a read of 10 MiB does on AWS."""
        self._left -= amount


class WriteLimit:
    """1 MiB and 1,000 records per second."""

    def __init__(self) -> None:
        """Start unused."""
        self._bytes = Allowance(WRITE_BYTES_PER_SECOND)
        self._records = Allowance(WRITE_RECORDS_PER_SECOND)

    def admits(self, size: int, now: float) -> bool:
        """Count a record of `size` bytes and return True, or return False if the rate is exceeded.

        A record above one second's worth (MaxRecordSizeInKiB) is admitted by a shard at rest, and paid off afterwards:
        https://docs.aws.amazon.com/streams/latest/dev/large-records.html
        """
        admitted = self._bytes.has(min(size, WRITE_BYTES_PER_SECOND), now) and self._records.has(1, now)
        if admitted:
            self._bytes.take(size)
            self._records.take(1)
        return admitted


class ReadLimit:
    """2 MiB and five calls per second."""

    def __init__(self) -> None:
        """Start unused."""
        self._bytes = Allowance(READ_BYTES_PER_SECOND)
        self._calls = Allowance(READS_PER_SECOND)

    def admits(self, now: float) -> bool:
        """Count a call and return True, or return False if the rate is exceeded."""
        admitted = self._calls.has(1, now) and self._bytes.has(0, now)
        if admitted:
            self._calls.take(1)
        return admitted

    def count(self, size: int) -> None:
        """Count the bytes of a response."""
        self._bytes.take(size)
