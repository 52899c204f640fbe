"""Shard iterators: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetShardIterator.html."""

from dataclasses import dataclass
from email.utils import formatdate

from pipeline_emulator.kinesis.streams.errors import ExpiredIteratorError, InvalidArgumentError
from pipeline_emulator.kinesis.streams.identity import StreamName
from pipeline_emulator.kinesis.streams.shard import Shard
from pipeline_emulator.kinesis.streams.tokens import LIFETIME_SECONDS, seal, unseal


@dataclass(frozen=True, slots=True)
class ShardIterator:
    """A position in a shard: reads return records above the sequence number `position`.

    `created` is the stream's creation time, which tells successive streams of one name apart.
    """

    stream: StreamName
    created: int
    shard_id: str
    position: int

    def seal(self, now: float) -> str:
        """Return the iterator as text, valid for five minutes."""
        name = self.stream
        return seal(name.account, name.region, name.name, self.created, self.shard_id, str(self.position), now)


def open_iterator(text: str, now: float) -> ShardIterator:
    """Return the iterator that `ShardIterator.seal` turned into this text.

    AWS accepts it in double quotes, too, as LocalStack's tests recorded: shells and `--query` leave them.

    Raises:
        ExpiredIteratorError: it is older than five minutes.
        InvalidArgumentError: the text is not from `seal`.
    """
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = text[1:-1]
    try:
        account, region, name, created, shard_id, position, made_at = unseal(text, 7)
        iterator = ShardIterator(StreamName(account, region, name), created, shard_id, int(position))
    except (ValueError, UnicodeError) as error:
        raise InvalidArgumentError("Invalid ShardIterator.") from error
    if now - made_at > LIFETIME_SECONDS:
        raise ExpiredIteratorError(
            f"Iterator expired. The iterator was created at time {formatdate(made_at)} while right now it is"
            f" {formatdate(now)} which is further in the future than the tolerated delay of"
            f" {LIFETIME_SECONDS * 1000} milliseconds."
        )
    return iterator


_BY_NUMBER = frozenset({"AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER"})


@dataclass(frozen=True, slots=True)
class Start:
    """Where to start, with the names of GetShardIterator; `timestamp` in seconds since the epoch."""

    type: str
    number: int | None = None
    timestamp: float | None = None


def start_position(stream: StreamName, shard: Shard, start: Start, now: float) -> int:
    """Return the sequence number after which to read.

    Raises:
        InvalidArgumentError: an argument is missing, belongs to another stream, or lies in the future.
    """
    _require_consistent(start)
    match start.type:
        case "TRIM_HORIZON":
            return shard.numbers.first
        case "LATEST":
            return shard.latest
        case "AT_TIMESTAMP":
            return _at_timestamp(shard, start, now)
    number = _own_number(stream, shard, start)
    # A ContinuationSequenceNumber is no record's, so there is nothing to read at it.
    return number - 1 if start.type == "AT_SEQUENCE_NUMBER" and shard.holds(number) else number


def _require_consistent(start: Start) -> None:
    """Check that a number is given where one is needed, and only there; the message is AWS's."""
    if (start.number is None) is (start.type not in _BY_NUMBER):
        return
    given = "no StartingSequenceNumber" if start.number is None else "also a StartingSequenceNumber"
    raise InvalidArgumentError(
        "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or (2)"
        f" TRIM_HORIZON or LATEST and no StartingSequenceNumber. Request specified {start.type} and {given}."
    )


def _at_timestamp(shard: Shard, start: Start, now: float) -> int:
    if start.timestamp is None:
        raise InvalidArgumentError(
            "Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP. Current request has no"
            " timestamp parameter."
        )
    if start.timestamp > now:
        raise InvalidArgumentError(
            "The timestampInMillis parameter cannot be greater than the currentTimestampInMillis."
            f" timestampInMillis: {int(start.timestamp * 1000)}, currentTimestampInMillis: {int(now * 1000)}"
        )
    return shard.number_at(start.timestamp)


def _own_number(stream: StreamName, shard: Shard, start: Start) -> int:
    assert start.number is not None  # by _require_consistent
    if not shard.numbers.owns(start.number):
        raise InvalidArgumentError(
            f"StartingSequenceNumber {start.number} used in GetShardIterator on shard {shard.shard_id} in stream"
            f" {stream} is invalid because it did not come from this stream."
        )
    return start.number
