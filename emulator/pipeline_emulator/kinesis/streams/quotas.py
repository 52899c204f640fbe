"""An account's quotas of shards and streams in a region.

https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html (the quota of most regions)
"""

from pipeline_emulator.kinesis.streams.errors import LimitExceededError
from pipeline_emulator.kinesis.streams.identity import StreamName
from pipeline_emulator.kinesis.streams.stream import ON_DEMAND_SHARDS, Stream

MAX_SHARDS = 1_000
MAX_ON_DEMAND_STREAMS = 50


def open_shard_count(streams: list[Stream]) -> int:
    """Return the number of open shards of the provisioned streams, to which the quota applies."""
    return sum(len(stream.topology.open_shards) for stream in streams if stream.mode == "PROVISIONED")


def require_room(streams: list[Stream], name: StreamName, additional: int, mode: str) -> None:
    """Check the quotas for a stream `name` with `additional` shards; `streams` are those of the account.

    Raises:
        LimitExceededError: the account would have too many shards or on-demand streams.
    """
    if mode == "ON_DEMAND":
        if sum(stream.mode == "ON_DEMAND" for stream in streams) >= MAX_ON_DEMAND_STREAMS:
            raise LimitExceededError(
                f"This request would exceed the on-demand stream limit for the account {name.account} in {name.region}:"
                f" {MAX_ON_DEMAND_STREAMS}."
            )
    elif (current := open_shard_count(streams)) + additional > MAX_SHARDS:
        raise LimitExceededError(
            f"This request would exceed the shard limit for the account {name.account} in {name.region}. Current shard"
            f" count for the account: {current}. Limit: {MAX_SHARDS}. Number of additional shards that would have"
            f" resulted from this request: {additional}."
        )


def default_mode(shard_count: int | None) -> str:
    """Return the mode of a new stream for which none is requested.

    AWS creates four shards without a count, as LocalStack's tests recorded (`test_create_stream_without_shard_count`).
    """
    return "ON_DEMAND" if shard_count is None else "PROVISIONED"


def initial_shard_count(shard_count: int | None, mode: str) -> int:
    """Return how many shards a new stream gets if `shard_count` are requested."""
    if mode == "ON_DEMAND":
        return ON_DEMAND_SHARDS  # a requested count is ignored: LocalStack's CloudFormation passes one
    # One is our default: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_CreateStream.html states none.
    return shard_count or 1
