"""https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsqs.html.

A batch requires the permission of the single operation:
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html
"""

from pipeline_emulator.iam.requests.call import Call, Check, Checks
from pipeline_emulator.iam.requests.wildcard_only import wildcard_check


def checks(call: Call) -> Checks:
    """Return the check on the queue, whose URL ends with its account and name."""
    action = f"sqs:{call.operation.removesuffix('Batch')}"
    if call.operation in ("StartMessageMoveTask", "ListMessageMoveTasks"):
        arn = call.text("SourceArn")
        return [Check(action, arn)] if arn else wildcard_check("sqs", call)
    tags, keys = call.tags("tags", "Tags"), call.tag_keys("TagKeys")
    if name := call.text("QueueName"):
        owner = call.text("QueueOwnerAWSAccountId") or call.account
        return [Check(action, f"arn:aws:sqs:{call.region}:{owner}:{name}", tags=tags, tag_keys=keys)]
    parts = (call.text("QueueUrl") or "").rstrip("/").split("/")
    if len(parts) < 2:
        return wildcard_check("sqs", call)
    return [Check(action, f"arn:aws:sqs:{call.region}:{parts[-2]}:{parts[-1]}", tags=tags, tag_keys=keys)]
