"""Enhanced fan-out: registered consumers and their subscriptions to shards."""

import threading
import time
from collections.abc import Callable, Iterator

from localstack.aws.api import RequestContext, handler

from pipeline_emulator.kinesis.activity import STREAM_ACTIVITY
from pipeline_emulator.kinesis.provider import descriptions
from pipeline_emulator.kinesis.provider.base import (
    Operations,
    Request,
    Response,
    epoch,
    page,
    parsed_arn,
    sequence_number,
)
from pipeline_emulator.kinesis.provider.data import MAX_RECORDS_PER_READ, records
from pipeline_emulator.kinesis.provider.tags import require_tags
from pipeline_emulator.kinesis.streams.consumers import Consumer
from pipeline_emulator.kinesis.streams.errors import InvalidArgumentError, StreamError
from pipeline_emulator.kinesis.streams.iterators import ShardIterator, Start
from pipeline_emulator.kinesis.streams.stream import Stream
from pipeline_emulator.kinesis.streams.streams import Streams
from pipeline_emulator.kinesis.streams.subscriptions import Subscriptions
from pipeline_emulator.kinesis.streams.tokens import seal

# https://docs.aws.amazon.com/kinesis/latest/APIReference/API_SubscribeToShard.html: a subscription lasts five minutes,
# with an event at least every five seconds even if there is nothing to read.
SUBSCRIPTION_SECONDS = 300
EVENT_SECONDS = 3
DEFAULT_PAGE = 100


class ConsumerOperations(Operations):
    """The operations on stream consumers, and SubscribeToShard."""

    def __init__(self, streams: Streams) -> None:
        """Serve `streams`, to which nobody is subscribed."""
        super().__init__(streams)
        self._subscriptions = Subscriptions()

    @handler("RegisterStreamConsumer", expand=False)
    def register_stream_consumer(self, context: RequestContext, request: Request) -> Response:
        """Register a consumer; it is active at once."""
        stream, tags = self.stream(context, request), request.get("Tags") or {}
        require_tags(stream.name, {}, tags)
        with stream.changing():
            found = stream.consumers.register(request["ConsumerName"], tags, self.streams.clock())
        return {"Consumer": descriptions.consumer(found)}

    @handler("DeregisterStreamConsumer", expand=False)
    def deregister_stream_consumer(self, context: RequestContext, request: Request) -> None:
        """Remove a consumer."""
        stream, found = self._consumer(context, request)
        with stream.changing():
            stream.consumers.deregister(found)
            stream.policies.pop(found.arn, None)

    @handler("DescribeStreamConsumer", expand=False)
    def describe_stream_consumer(self, context: RequestContext, request: Request) -> Response:
        """Describe a consumer."""
        stream, found = self._consumer(context, request)
        return {"ConsumerDescription": {**descriptions.consumer(found), "StreamARN": stream.name.arn}}

    @handler("ListStreamConsumers", expand=False)
    def list_stream_consumers(self, context: RequestContext, request: Request) -> Response:
        """List the consumers of a stream, ordered by name."""
        stream = self.stream(context, request)
        after = None
        if token := request.get("NextToken"):
            _, arn, after = self.open_page_token(token, 3)
            if arn != stream.name.arn:
                raise InvalidArgumentError("NextToken and StreamARN do not belong to one stream.")
        limit = request.get("MaxResults") or DEFAULT_PAGE
        chosen, more = page(stream.consumers.all(), lambda one: one.name, after, limit)
        response: Response = {"Consumers": [descriptions.consumer(found) for found in chosen]}
        if more:
            response["NextToken"] = seal("consumers", stream.name.arn, chosen[-1].name, self.streams.clock())
        return response

    @handler("SubscribeToShard", expand=False)
    def subscribe_to_shard(self, context: RequestContext, request: Request) -> Response:
        """Push a shard's records as they arrive, for five minutes."""
        stream, consumer = self._consumer(context, request)
        position = request["StartingPosition"]
        start = Start(
            position["Type"], sequence_number(position.get("SequenceNumber")), epoch(position.get("Timestamp"))
        )
        iterator = stream.iterator(request["ShardId"], start)
        ended = self._subscriptions.begin(consumer, iterator.shard_id)
        events = _events(stream, iterator, lambda: ended.is_set() or consumer not in stream.consumers)
        return {"EventStream": ({"SubscribeToShardEvent": event} for event in events)}

    def consumer_of(self, stream_arn: str, name: str) -> str | None:
        """Return the ARN of a stream's consumer; None if either does not exist."""
        try:
            return self.streams.get(parsed_arn(stream_arn)[0]).consumers.get(name).arn
        except StreamError:
            return None

    def _consumer(self, context: RequestContext, request: Request) -> tuple[Stream, Consumer]:
        if (arn := request.get("ConsumerARN")) is None:
            if not request.get("StreamARN") or not request.get("ConsumerName"):
                raise InvalidArgumentError("Either ConsumerARN, or StreamARN and ConsumerName must be specified.")
            stream = self.stream(context, request)
            return stream, stream.consumers.get(request["ConsumerName"])
        name, consumer = parsed_arn(arn, context)
        stream = self.streams.get(name)
        found = stream.consumers.get(consumer or "", arn)
        if request.get("ConsumerName", found.name) != found.name or request.get("StreamARN", name.arn) != name.arn:
            raise InvalidArgumentError(f"ConsumerARN {arn} conflicts with StreamARN or ConsumerName.")
        return stream, found


def _events(stream: Stream, iterator: ShardIterator, is_over: Callable[[], bool]) -> Iterator[Response]:
    """Yield one event per read, until the subscription, the shard or the stream ends."""
    name, put_seen = stream.name, threading.Event()
    ends_at = time.monotonic() + SUBSCRIPTION_SECONDS
    with STREAM_ACTIVITY.subscribed((name.account, name.region, name.name, iterator.shard_id), put_seen):
        while time.monotonic() < ends_at and not stream.is_gone and not is_over():
            put_seen.clear()
            try:
                chunk = stream.read(iterator, MAX_RECORDS_PER_READ, shared=False)
            except StreamError:
                return
            event: Response = {
                "Records": records(stream, chunk.records),
                "MillisBehindLatest": chunk.milliseconds_behind,
            }
            # Either a position to continue from or the children: the KCL rejects an event with both or neither.
            # https://github.com/awslabs/amazon-kinesis-client/pull/1744
            if chunk.position is None:
                yield {**event, "ChildShards": descriptions.child_shards(stream, iterator.shard_id)}
                return
            yield {**event, "ContinuationSequenceNumber": str(stream.shard(iterator.shard_id).progress(chunk.position))}
            iterator = ShardIterator(name, iterator.created, iterator.shard_id, chunk.position)
            if not chunk.milliseconds_behind:
                put_seen.wait(EVENT_SECONDS)
