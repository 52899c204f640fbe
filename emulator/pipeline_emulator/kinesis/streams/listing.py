"""The shards that ListShards returns: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_ShardFilter.html."""

from collections.abc import Callable
from dataclasses import dataclass

from pipeline_emulator.kinesis.streams.errors import InvalidArgumentError
from pipeline_emulator.kinesis.streams.identity import shard_id_of
from pipeline_emulator.kinesis.streams.shard import Shard
from pipeline_emulator.kinesis.streams.stream import Stream


@dataclass(frozen=True, slots=True)
class ShardFilter:
    """A filter with the API's names; `timestamp` in seconds since the epoch."""

    type: str
    shard_id: str | None = None
    timestamp: float | None = None


def list_shards(stream: Stream, chosen: ShardFilter | None = None) -> list[Shard]:
    """Return the shards that pass the filter, ordered by id.

    Raises:
        InvalidArgumentError: the filter lacks its shard or its timestamp.
    """
    stream.topology.expire(stream.horizon)
    shards = stream.topology.shards
    if chosen is None:
        return shards
    passes = _predicate(stream, chosen)
    return [shard for shard in shards if passes(shard)]


def _predicate(stream: Stream, chosen: ShardFilter) -> Callable[[Shard], bool]:
    horizon = max(stream.horizon, stream.begins_at)
    match chosen.type:
        case "AFTER_SHARD_ID":
            if (after := chosen.shard_id) is None:
                raise InvalidArgumentError("ShardId must be specified when ShardFilterType is AFTER_SHARD_ID.")
            first = shard_id_of(after) or after
            return lambda shard: shard.shard_id > first
        case "AT_LATEST":
            return lambda shard: shard.is_open
        case "AT_TRIM_HORIZON":
            return lambda shard: _open_at(shard, horizon)
        case "FROM_TRIM_HORIZON":
            return lambda shard: _open_since(shard, horizon)
    if chosen.timestamp is None:
        raise InvalidArgumentError(f"Timestamp must be specified when ShardFilterType is {chosen.type}.")
    moment = max(chosen.timestamp, horizon)
    if chosen.type == "AT_TIMESTAMP":
        return lambda shard: _open_at(shard, moment)
    return lambda shard: _open_since(shard, moment)


def _open_at(shard: Shard, moment: float) -> bool:
    return shard.created_at <= moment and _open_since(shard, moment)


def _open_since(shard: Shard, moment: float) -> bool:
    return shard.closed_at is None or shard.closed_at >= moment
