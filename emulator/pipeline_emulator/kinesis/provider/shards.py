"""Lists of shards and resharding."""

from typing import Any

from localstack.aws.api import RequestContext, handler

from pipeline_emulator.kinesis.provider import descriptions
from pipeline_emulator.kinesis.provider.base import Operations, Request, Response, epoch, page, stream_name
from pipeline_emulator.kinesis.streams import resharding
from pipeline_emulator.kinesis.streams.errors import InvalidArgumentError
from pipeline_emulator.kinesis.streams.identity import StreamName
from pipeline_emulator.kinesis.streams.listing import ShardFilter, list_shards
from pipeline_emulator.kinesis.streams.quotas import require_room
from pipeline_emulator.kinesis.streams.stream import Stream
from pipeline_emulator.kinesis.streams.tokens import seal

MAX_SHARDS_LISTED = 1_000
"""https://docs.aws.amazon.com/kinesis/latest/APIReference/API_ListShards.html"""


# AWS rejects these together with a token, as clients report: https://github.com/boto/botocore/issues/2009 (botocore's
# paginator sends the stream with each token), https://github.com/awslabs/amazon-kinesis-scaling-utils/pull/82.
_NOT_WITH_TOKEN = ("StreamName", "StreamARN", "ExclusiveStartShardId", "StreamCreationTimestamp")


class ShardOperations(Operations):
    """ListShards, SplitShard, MergeShards and UpdateShardCount."""

    @handler("ListShards", expand=False)
    def list_shards(self, context: RequestContext, request: Request) -> Response:
        """List shards in pages. A token contains the stream, the filter and the position."""
        if token := request.get("NextToken"):
            for parameter in _NOT_WITH_TOKEN:
                if request.get(parameter):
                    raise InvalidArgumentError(f"NextToken and {parameter} cannot be provided together.")
            account, region, name, after, chosen = self.open_page_token(token, 5)
            stream = self.streams.get(StreamName(account, region, name))
        else:
            stream, after = self.stream(context, request), request.get("ExclusiveStartShardId")
            chosen = _filter_values(request)
        shards = list_shards(stream, ShardFilter(*chosen) if chosen else None)
        limit = min(request.get("MaxResults") or MAX_SHARDS_LISTED, MAX_SHARDS_LISTED)
        listed, more = page(shards, lambda one: one.shard_id, after, limit)
        response: Response = {"Shards": [descriptions.shard(shard) for shard in listed]}
        if more:
            name = stream.name
            place = (name.account, name.region, name.name, listed[-1].shard_id)
            response["NextToken"] = seal(*place, chosen, self.streams.clock())
        return response

    @handler("SplitShard", expand=False)
    def split_shard(self, context: RequestContext, request: Request) -> None:
        """Split a shard in two."""
        stream = self.stream(context, request)
        self._require_room(stream, 1)
        shard = resharding.split(
            stream, request["ShardToSplit"], int(request["NewStartingHashKey"]), self.streams.clock()
        )
        self.notify(stream, [shard.shard_id])

    @handler("MergeShards", expand=False)
    def merge_shards(self, context: RequestContext, request: Request) -> None:
        """Merge two adjacent shards."""
        stream = self.stream(context, request)
        pair = resharding.merge(stream, request["ShardToMerge"], request["AdjacentShardToMerge"], self.streams.clock())
        self.notify(stream, [shard.shard_id for shard in pair])

    @handler("UpdateShardCount", expand=False)
    def update_shard_count(self, context: RequestContext, request: Request) -> Response:
        """Split and merge until the stream has a number of shards of equal ranges."""
        stream = self.streams.get(stream_name(context, request))
        target: int = request["TargetShardCount"]
        self._require_room(stream, target - len(stream.topology.open_shards))
        current = resharding.scale(stream, target, self.streams.clock())
        self.notify(stream, [shard.shard_id for shard in stream.topology.shards if not shard.is_open])
        return {
            "StreamName": stream.name.name,
            "StreamARN": stream.name.arn,
            "CurrentShardCount": current,
            "TargetShardCount": target,
        }

    def _require_room(self, stream: Stream, additional: int) -> None:
        if stream.mode == "PROVISIONED":
            streams = self.streams.all(stream.name.account, stream.name.region)
            require_room(streams, stream.name, additional, stream.mode)


def _filter_values(request: Request) -> list[Any] | None:
    chosen = request.get("ShardFilter")
    return [chosen["Type"], chosen.get("ShardId"), epoch(chosen.get("Timestamp"))] if chosen else None
