"""https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsqs.html.

A batch requires the permission of the single operation:
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html
"""

from pipeline_emulator.arn import Arn, partition_of
from pipeline_emulator.iam.requests.call import Call, Check, Checks
from pipeline_emulator.iam.requests.wildcard_only import wildcard_check


def checks(call: Call) -> Checks:
    """Return the check on the queue."""
    action = f"sqs:{call.operation.removesuffix('Batch')}"
    if call.operation in ("StartMessageMoveTask", "ListMessageMoveTasks"):
        arn = call.text("SourceArn")
        return _move(call, arn) if arn else wildcard_check("sqs", call)
    if call.operation == "CancelMessageMoveTask":
        source = call.lookups.source_of_task(call.text("TaskHandle") or "")
        return [Check(action, source)] if source else wildcard_check("sqs", call)
    tags, keys = call.tags("tags", "Tags"), call.tag_keys("TagKeys")
    if name := call.text("QueueName"):
        owner = call.text("QueueOwnerAWSAccountId") or call.account
        queue = str(Arn(partition_of(call.region), "sqs", call.region, owner, name))
        created = [Check(action, queue, tags=tags, tag_keys=keys)]
        # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html
        return [*created, Check("sqs:TagQueue", queue, tags=tags)] if tags else created
    found = call.lookups.queue_of(call.text("QueueUrl") or "")
    return [Check(action, found, tags=tags, tag_keys=keys)] if found else wildcard_check("sqs", call)


def _move(call: Call, source: str) -> Checks:
    """Moving messages also takes them out of one queue and sends them to another, or back to where they came from.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue-redrive.html
    """
    if call.operation != "StartMessageMoveTask":
        return [Check(f"sqs:{call.operation}", source)]
    on_source = (call.operation, "ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
    destination = call.text("DestinationArn")
    destinations = (destination,) if destination else call.lookups.sources_of(source)
    sending = (Check("sqs:SendMessage", each) for each in destinations)
    return [*(Check(f"sqs:{action}", source) for action in on_source), *sending]
