"""Encrypted streams and queues.

https://docs.aws.amazon.com/streams/latest/dev/permissions-user-key-KMS.html
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
"""

from pipeline_emulator.arn import find_arn
from pipeline_emulator.authorization import resources
from pipeline_emulator.authorization.key_use.use import Use, key_of
from pipeline_emulator.iam.requests.call import Call
from pipeline_emulator.kinesis.streams.errors import StreamError
from pipeline_emulator.kinesis.streams.identity import split_arn

WRITE, READ = "GenerateDataKey", "Decrypt"
_STREAMS = {"PutRecord": WRITE, "PutRecords": WRITE, "GetRecords": READ, "SubscribeToShard": READ}
OPERATIONS = frozenset({*_STREAMS, "StartStreamEncryption"})
QUEUE_OPERATIONS = {"SendMessage": (WRITE, READ), "SendMessageBatch": (WRITE, READ), "ReceiveMessage": (READ,)}


def of_kinesis(call: Call) -> list[Use]:
    """Return the uses of a stream's key by reads and writes, and by StartStreamEncryption, which describes the key."""
    if call.operation == "StartStreamEncryption":
        return [Use("DescribeKey", call.text("KeyId") or "")]
    arn = call.text("ConsumerARN", "StreamARN")
    if arn is None and (name := call.text("StreamName")):
        arn = call.arn("kinesis", f"stream/{name}")
    if arn is None and (iterator := call.text("ShardIterator")):
        arn = call.lookups.stream_of(iterator)
    return of_stream(arn, _STREAMS[call.operation]) if arn else []


def of_stream(arn: str, action: str) -> list[Use]:
    """Return the use of a stream's key, if the stream has one.

    Args:
        arn: of the stream, or of one of its consumers.
        action: WRITE or READ.
    """
    try:
        stream = resources.kinesis().streams.get(split_arn(arn)[0])
    except (StreamError, ValueError):
        return []
    return [Use(action, stream.key_id, {"aws:kinesis:arn": stream.name.arn})] if stream.key_id else []


def of_sqs(call: Call) -> list[Use]:
    """Return the uses of a queue's key by sending and receiving."""
    actions = QUEUE_OPERATIONS.get(call.operation, ())
    arn = find_arn(call.lookups.queue_of(call.text("QueueUrl") or "") or "") if actions else None
    queue = resources.queue(arn)
    key = queue.attributes.get("KmsMasterKeyId") if queue else None
    return [Use(action, key_of(key, arn), {"aws:sqs:arn": str(arn)}) for action in actions] if key and arn else []
