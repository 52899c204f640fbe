"""Sequence numbers: 56 decimal digits beginning with 49, like AWS's, ordered as integers.

https://docs.aws.amazon.com/streams/latest/dev/key-concepts.html#sequence-number says only that they grow over time
within a shard. Here a number consists of the hexadecimal fields `2 | created | counter | seconds | shard | check`.
The shard's creation time (microseconds, unique) comes first, so child shards have higher numbers than their parents,
and a stream that is deleted and created again never repeats a number.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass

Clock = Callable[[], float]
"""Seconds since the epoch."""

_CHECK_BITS, _SHARD_BITS, _SECONDS_BITS, _COUNTER_BITS, _CREATED_BITS = 12, 32, 36, 48, 56
_SECONDS_AT = _CHECK_BITS + _SHARD_BITS
_COUNTER_AT = _SECONDS_AT + _SECONDS_BITS
_CREATED_AT = _COUNTER_AT + _COUNTER_BITS
_VERSION = 2
_VERSION_AT = _CREATED_AT + _CREATED_BITS
_CHECK = 2
_LAST_COUNTER = 2**47 - 1


@dataclass(frozen=True, slots=True)
class SequenceNumbers:
    """The numbers of one shard. `created` is in microseconds since the epoch; `shard` is the shard's index."""

    created: int
    shard: int

    def number(self, counter: int, arrival: float) -> int:
        """Return the number of the `counter`-th record, put at `arrival` (seconds since the epoch)."""
        return self.at(arrival)(counter)

    def at(self, arrival: float) -> Callable[[int], int]:
        """Return a function from the counters of records put at `arrival` to their numbers."""
        head = (_VERSION << _CREATED_BITS | self.created) << _CREATED_AT
        others = head | int(arrival) << _SECONDS_AT | self.shard << _CHECK_BITS | _CHECK
        return lambda counter: others | counter << _COUNTER_AT

    @property
    def first(self) -> int:
        """The number at which the shard begins; no record has it."""
        return self.number(0, self.created / 1e6)

    def last(self, closed_at: float) -> int:
        """Return the number at which the shard ends, above those of all its records."""
        return self.number(_LAST_COUNTER, closed_at)

    def owns(self, number: int) -> bool:
        """Return whether `number` is, or could be, one of this shard's."""
        return owner(number) == (self.created, self.shard)


def owner(number: int) -> tuple[int, int] | None:
    """Return creation time and index of the shard that a number belongs to, or None if it is not a sequence number."""
    if number >> _VERSION_AT != _VERSION or number & (1 << _CHECK_BITS) - 1 != _CHECK:
        return None
    created = number >> _CREATED_AT & (1 << _CREATED_BITS) - 1
    return created, number >> _CHECK_BITS & (1 << _SHARD_BITS) - 1


def seconds(number: int) -> int:
    """Return when the record with this number was put, in seconds since the epoch."""
    return number >> _SECONDS_AT & (1 << _SECONDS_BITS) - 1


def counter(number: int) -> int:
    """Return the position of the record with this number in its shard, counted from one."""
    return number >> _COUNTER_AT & (1 << _COUNTER_BITS) - 1


class Creations:
    """Gives every shard a unique creation time, later than all earlier ones. Thread-safe."""

    def __init__(self, clock: Clock) -> None:
        """Take times from `clock`."""
        self._clock = clock
        self._lock = threading.Lock()
        self._last = 0

    def continue_after(self, last: int) -> None:
        """Give only times after `last` (microseconds since the epoch), even if the clock is behind."""
        with self._lock:
            self._last = max(self._last, last)

    def next(self) -> int:
        """Return a time in microseconds since the epoch: now, or just after the previous one."""
        with self._lock:
            self._last = max(int(self._clock() * 1e6), self._last + 1)
            return self._last
