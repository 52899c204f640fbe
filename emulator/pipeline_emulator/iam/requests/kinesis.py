"""https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonkinesisdatastreams.html."""

from functools import lru_cache

from pipeline_emulator.iam.requests.call import Call, Check, Checks
from pipeline_emulator.iam.requests.wildcard_only import is_wildcard_only, wildcard_check

_PUTS = frozenset({"PutRecord", "PutRecords"})
_ENCRYPTION = frozenset({"StartStreamEncryption", "StopStreamEncryption"})
_ON_CONSUMER = frozenset({"DescribeStreamConsumer", "DeregisterStreamConsumer"})


def checks(call: Call) -> Checks:
    """Return the check on the stream or consumer; shard iterators and tokens stand for their stream."""
    if call.operation in _PUTS:
        named = call.text("StreamARN"), call.text("StreamName")
        return _of_put(call.operation, *named, call.account, call.region)
    tags = call.tags("Tags") if "Tags" in call.parameters and call.operation != "RemoveTagsFromStream" else {}
    keys = call.tag_keys("TagKeys") if call.operation in ("RemoveTagsFromStream", "UntagResource") else None
    resource = _resource(call)
    if resource is None or is_wildcard_only("kinesis", call):
        return wildcard_check("kinesis", call)
    found = [Check(f"kinesis:{call.operation}", resource, tags=tags, tag_keys=keys)]
    name = call.text("KeyId") if call.operation in _ENCRYPTION else None
    if name and (key := call.lookups.key_of(name)):
        found.append(Check(f"kinesis:{call.operation}", key.arn))
    if call.operation == "CreateStream" and tags:
        found.append(Check("kinesis:AddTagsToStream", resource, tags=tags))
    return found


def _resource(call: Call) -> str | None:
    if consumer := call.text("ConsumerARN"):
        return consumer
    if arn := call.text("ResourceARN", "StreamARN"):
        return _consumer(call, arn) if call.operation in _ON_CONSUMER else arn
    if name := call.text("StreamName"):
        return call.arn("kinesis", f"stream/{name}")
    token = call.text("ShardIterator", "NextToken")
    return call.lookups.stream_of(token) if token else None


def _consumer(call: Call, stream: str) -> str:
    """Return the ARN of the consumer that a request names beside its stream, as KCL does.

    The ARN of a missing consumer has no creation time. Wildcards match it, and Kinesis then reports the consumer.
    https://docs.aws.amazon.com/streams/latest/dev/kcl-iam-permissions.html
    """
    name = call.text("ConsumerName")
    if not name:
        return stream  # Kinesis refuses the request
    return call.lookups.consumer_of(stream, name) or f"{stream}/consumer/{name}:0"


@lru_cache(maxsize=1000)  # they are sent more often than all others
def _of_put(operation: str, arn: str | None, name: str | None, account: str, region: str) -> Checks:
    call = Call(operation, {"StreamARN": arn, "StreamName": name}, account, region)
    resource = _resource(call)
    return wildcard_check("kinesis", call) if resource is None else (Check(f"kinesis:{operation}", resource),)
