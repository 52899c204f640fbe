"""Creation, deletion, lists and descriptions of streams."""

from localstack.aws.api import RequestContext, handler

from pipeline_emulator.kinesis.provider import descriptions
from pipeline_emulator.kinesis.provider.base import Operations, Request, Response, page, stream_name
from pipeline_emulator.kinesis.provider.tags import add_tags, require_tags
from pipeline_emulator.kinesis.streams.quotas import (
    MAX_ON_DEMAND_STREAMS,
    MAX_SHARDS,
    default_mode,
    open_shard_count,
)
from pipeline_emulator.kinesis.streams.stream import DEFAULT_RECORD_KIB
from pipeline_emulator.kinesis.streams.tokens import seal

DEFAULT_PAGE = 100


class LifecycleOperations(Operations):
    """CreateStream, DeleteStream, ListStreams, DescribeStream, DescribeStreamSummary and DescribeLimits."""

    @handler("CreateStream", expand=False)
    def create_stream(self, context: RequestContext, request: Request) -> None:
        """Create a stream; invalid tags are rejected before anything is created."""
        tags = request.get("Tags") or {}
        name = stream_name(context, request)
        require_tags(name, {}, tags)
        mode = (request.get("StreamModeDetails") or {}).get("StreamMode") or default_mode(request.get("ShardCount"))
        self.require_warm_throughput(context, mode, request.get("WarmThroughputMiBps"))
        stream = self.streams.create(name, request.get("ShardCount"), mode)
        add_tags(stream, tags)
        with stream.changing():
            stream.warm_throughput = request.get("WarmThroughputMiBps")
            stream.largest_record_kib = request.get("MaxRecordSizeInKiB") or DEFAULT_RECORD_KIB

    @handler("DeleteStream", expand=False)
    def delete_stream(self, context: RequestContext, request: Request) -> None:
        """Delete a stream and its records."""
        self.streams.delete(stream_name(context, request), bool(request.get("EnforceConsumerDeletion")))

    @handler("ListStreams", expand=False)
    def list_streams(self, context: RequestContext, request: Request) -> Response:
        """List the streams of the account and region, ordered by name."""
        after = request.get("ExclusiveStartStreamName")
        if token := request.get("NextToken"):
            _, after = self.open_page_token(token, 2)
        streams = self.streams.all(context.account_id, context.region)
        chosen, more = page(streams, lambda one: one.name.name, after, _limit(request))
        token = {"NextToken": seal("streams", chosen[-1].name.name, self.streams.clock())} if more else {}
        return {
            "StreamNames": [stream.name.name for stream in chosen],
            "StreamSummaries": [descriptions.summary(stream) for stream in chosen],
            "HasMoreStreams": more,
            **token,
        }

    @handler("DescribeStream", expand=False)
    def describe_stream(self, context: RequestContext, request: Request) -> Response:
        """Describe a stream and a page of its shards."""
        stream = self.stream(context, request)
        stream.topology.expire(stream.horizon)
        chosen, more = page(
            stream.topology.shards,
            lambda one: one.shard_id,
            request.get("ExclusiveStartShardId"),
            _limit(request),
        )
        shards = [descriptions.shard(shard) for shard in chosen]
        return {"StreamDescription": {**descriptions.description(stream), "Shards": shards, "HasMoreShards": more}}

    @handler("DescribeStreamSummary", expand=False)
    def describe_stream_summary(self, context: RequestContext, request: Request) -> Response:
        """Describe a stream without its shards."""
        stream = self.stream(context, request)
        return {
            "StreamDescriptionSummary": {
                **descriptions.description(stream),
                "OpenShardCount": len(stream.topology.open_shards),
                "ConsumerCount": len(stream.consumers),
                "MaxRecordSizeInKiB": stream.largest_record_kib,
                **descriptions.warm_throughput(stream),
            }
        }

    @handler("DescribeLimits", expand=False)
    def describe_limits(self, context: RequestContext, _request: Request) -> Response:
        """Return the account's quotas and their usage."""
        streams = self.streams.all(context.account_id, context.region)
        return {
            "ShardLimit": MAX_SHARDS,
            "OpenShardCount": open_shard_count(streams),
            "OnDemandStreamCount": sum(stream.mode == "ON_DEMAND" for stream in streams),
            "OnDemandStreamCountLimit": MAX_ON_DEMAND_STREAMS,
        }


def _limit(request: Request) -> int:
    """Return the size of a page: "If you specify a value greater than 100, at most 100 results are returned"."""
    return min(request.get("Limit") or DEFAULT_PAGE, DEFAULT_PAGE)
