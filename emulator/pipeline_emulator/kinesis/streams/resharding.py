"""Splits, merges and scales a stream, with AWS's checks and messages.

https://docs.aws.amazon.com/kinesis/latest/APIReference/API_SplitShard.html, and API_MergeShards.html and
API_UpdateShardCount.html in the same folder
"""

from pipeline_emulator.kinesis.streams.errors import InvalidArgumentError, ResourceNotFoundError, ValidationError
from pipeline_emulator.kinesis.streams.identity import shard_id_of
from pipeline_emulator.kinesis.streams.shard import Shard
from pipeline_emulator.kinesis.streams.stream import Stream


def split(stream: Stream, shard_id: str, starting_hash_key: int, now: float) -> Shard:
    """Split a shard at `starting_hash_key`, the first key of the second child, and return it.

    Raises:
        InvalidArgumentError: the key is not inside the shard, or the shard is closed.
        ResourceInUseError: the stream is not active.
        ResourceNotFoundError: there is no such shard.
        ValidationError: the stream is on demand.
    """
    with stream.lock:
        _require_provisioned(stream)
        stream.require_active()
        shard = _open_shard(stream, shard_id)
        if not shard.start + 1 < starting_hash_key < shard.end:
            raise InvalidArgumentError(
                f"NewStartingHashKey {starting_hash_key} used in SplitShard() on shard {shard.shard_id} in stream"
                f" {stream.name} is not both greater than one plus the shard's StartingHashKey {shard.start} and less"
                f" than the shard's EndingHashKey {shard.end}."
            )
        stream.topology.split(shard, starting_hash_key, now)
        stream.begin("UPDATING")
        return shard


def merge(stream: Stream, shard_id: str, adjacent_shard_id: str, now: float) -> tuple[Shard, Shard]:
    """Merge two adjacent shards and return them.

    Raises:
        InvalidArgumentError: the shards are not adjacent, not in the order of their ranges, or one of them is closed.
        ResourceInUseError: the stream is not active.
        ResourceNotFoundError: one of the shards does not exist.
        ValidationError: the stream is on demand.
    """
    with stream.lock:
        _require_provisioned(stream)
        stream.require_active()
        shard, adjacent = _open_shard(stream, shard_id), _open_shard(stream, adjacent_shard_id)
        if shard.end + 1 != adjacent.start:
            raise InvalidArgumentError(
                f"Shards {shard.shard_id} and {adjacent.shard_id} in stream {stream.name} are not an adjacent pair of"
                " shards eligible for merging"
            )
        stream.topology.merge([shard, adjacent], now)
        stream.begin("UPDATING")
        return shard, adjacent


def scale(stream: Stream, target: int, now: float) -> int:
    """Scale the stream to `target` shards of equal ranges; return the previous count.

    Raises:
        InvalidArgumentError: the target is above double or below half the current count.
        LimitExceededError: the stream was scaled ten times within a day, and limits apply.
        ResourceInUseError: the stream is not active.
        ValidationError: the stream is on demand.
    """
    with stream.lock:
        _require_provisioned(stream)
        stream.require_active()
        current = len(stream.topology.open_shards)
        counts = f" Current open shard count: {current} Target shard count: {target}"
        if target > 2 * current:
            raise InvalidArgumentError(
                f"UpdateShardCount cannot scale up over double your current open shard count.{counts}"
            )
        if 2 * target < current:
            raise InvalidArgumentError(
                f"UpdateShardCount cannot scale down below half your current open shard count.{counts}"
            )
        stream.count_scaling(now)
        stream.topology.scale(target, now)
        stream.begin("UPDATING")
        return current


def _require_provisioned(stream: Stream) -> None:
    if stream.mode == "ON_DEMAND":
        raise ValidationError(f"Request is invalid. Stream {stream.name} is in On-Demand mode.")


def _open_shard(stream: Stream, shard_id: str) -> Shard:
    shard = stream.topology.get(shard_id_of(shard_id) or "")
    if shard is None:
        raise ResourceNotFoundError(
            f"Could not find shard {shard_id_of(shard_id) or shard_id} in stream {stream.name}."
        )
    if not shard.is_open:
        raise InvalidArgumentError(
            f"Shard {shard.shard_id} in stream {stream.name} has already been merged or split, and thus is not eligible"
            " for merging or splitting."
        )
    return shard
