"""What functions of a pipeline often use besides: tables of DynamoDB, delivery streams of Firehose, SSM's parameters.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonkinesisfirehose.html
https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssystemsmanager.html

Other operations of these services are undetermined: they name resources in ways that nobody has looked at here.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pipeline_emulator.arn import find_arn
from pipeline_emulator.iam.requests.call import Call, Check, Checks
from pipeline_emulator.iam.ternary import Undetermined

_ON_TABLES = frozenset(
    {
        *("CreateTable", "DeleteItem", "DeleteTable", "DescribeContinuousBackups", "DescribeTable"),
        *("DescribeTimeToLive", "GetItem", "PutItem", "Query", "Scan", "UpdateContinuousBackups"),
        *("UpdateItem", "UpdateTable", "UpdateTimeToLive", "DescribeKinesisStreamingDestination"),
        *(f"{verb}KinesisStreamingDestination" for verb in ("Disable", "Enable", "Update")),
    }
)
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/kds_iam.html
_ON_STREAMS_OF_CHANGES = ("DescribeStream", "PutRecords")
_ON_TABLE_ARNS = frozenset({"ListTagsOfResource", "TagResource", "UntagResource"})
_ON_ALL_TABLES = frozenset({"DescribeEndpoints", "DescribeLimits", "ListTables"})
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
_IN_TRANSACTIONS = {"ConditionCheck": "ConditionCheckItem"} | {
    name: f"{name}Item" for name in ("Delete", "Get", "Put", "Update")
}
_ON_DELIVERY_STREAMS = frozenset(
    {
        *("CreateDeliveryStream", "DeleteDeliveryStream", "DescribeDeliveryStream"),
        *("ListTagsForDeliveryStream", "PutRecord", "PutRecordBatch", "StartDeliveryStreamEncryption"),
        *("StopDeliveryStreamEncryption", "TagDeliveryStream", "UntagDeliveryStream", "UpdateDestination"),
    }
)
_ON_PARAMETERS = frozenset(
    {
        *("DeleteParameter", "DeleteParameters", "GetParameter", "GetParameterHistory", "GetParameters"),
        *("GetParametersByPath", "LabelParameterVersion", "PutParameter", "UnlabelParameterVersion"),
    }
)
_ON_PARAMETER_TAGS = frozenset({"AddTagsToResource", "ListTagsForResource", "RemoveTagsFromResource"})
# https://docs.aws.amazon.com/systems-manager/latest/userguide/integration-ps-secretsmanager.html: names a secret
_SECRETS = "/aws/reference/secretsmanager/"
_SELECTOR = re.compile(r":[\w.-]+$")  # of a version or label, after a parameter's name


def dynamodb_checks(call: Call) -> Checks:
    """Return the checks on each table or index that a request names."""
    if call.operation in _ON_ALL_TABLES:
        return [Check(f"dynamodb:{call.operation}", "*")]
    return list(_of_tables(call)) or _undetermined("dynamodb", call)


def stream_checks(call: Call) -> Checks:
    """Return the check on the stream of a table; an iterator of moto's begins with the stream's ARN."""
    action = f"dynamodb:{call.operation}"
    if call.operation == "ListStreams":
        return [Check(action, "*")]
    stream = call.text("StreamArn") or (call.text("ShardIterator") or "").partition("|")[0]
    return [Check(action, stream)] if stream else _undetermined("dynamodb", call)


def firehose_checks(call: Call) -> Checks:
    """Return the check on the delivery stream."""
    if call.operation == "ListDeliveryStreams":
        return [Check("firehose:ListDeliveryStreams", "*")]
    name = call.text("DeliveryStreamName")
    if call.operation not in _ON_DELIVERY_STREAMS or not name:
        return _undetermined("firehose", call)
    stream = call.arn("firehose", f"deliverystream/{name}")
    return [Check(f"firehose:{call.operation}", stream, tags=call.tags("Tags"), tag_keys=call.tag_keys("TagKeys"))]


def ssm_checks(call: Call) -> Checks:
    """Return the checks on each parameter, or on a path of them. SSM's other resources are undetermined."""
    action = f"ssm:{call.operation}"
    if call.operation == "DescribeParameters":
        return [Check(action, "*")]
    named: list[str] = []
    if call.operation in _ON_PARAMETERS:
        named = [name for name in (call.text("Name", "Path"), *call.texts("Names")) if name]
    elif call.operation in _ON_PARAMETER_TAGS and call.text("ResourceType") == "Parameter":
        named = [name for name in (call.text("ResourceId"),) if name]
    if not named or any(name.startswith(_SECRETS) for name in named):
        return _undetermined("ssm", call)
    tags, keys = call.tags("Tags"), call.tag_keys("TagKeys")
    return [Check(action, _parameter(call, name), tags=tags, tag_keys=keys) for name in named]


def _of_tables(call: Call) -> Iterator[Check]:
    action, parameters = f"dynamodb:{call.operation}", call.parameters
    if call.operation in _ON_TABLES and (name := call.text("TableName")):
        index = call.text("IndexName") if call.operation in ("Query", "Scan") else None
        resource = _table(call, name) + (f"/index/{index}" if index else "")
        tags = call.tags("Tags")
        yield Check(action, resource, tags=tags)
        if call.operation == "CreateTable" and tags:
            yield Check("dynamodb:TagResource", resource, tags=tags)
        if call.operation == "CreateTable" and call.text("ResourcePolicy"):
            yield Check("dynamodb:PutResourcePolicy", resource)
        if call.operation == "EnableKinesisStreamingDestination" and (stream := call.text("StreamArn")):
            yield from (Check(f"kinesis:{needed}", stream) for needed in _ON_STREAMS_OF_CHANGES)
    elif call.operation in _ON_TABLE_ARNS and (arn := call.text("ResourceArn")):
        yield Check(action, arn, tags=call.tags("Tags"), tag_keys=call.tag_keys("TagKeys"))
    elif call.operation in ("BatchGetItem", "BatchWriteItem"):
        for name in _keys(parameters.get("RequestItems")):
            yield Check(action, _table(call, name))
    elif call.operation in ("TransactGetItems", "TransactWriteItems"):
        yield from _of_transaction(call, parameters.get("TransactItems"))


def _of_transaction(call: Call, items: Any) -> Iterator[Check]:
    for item in items if isinstance(items, list) else []:
        for kind in _keys(item):
            name = item[kind].get("TableName") if isinstance(item[kind], Mapping) else None
            if kind in _IN_TRANSACTIONS and isinstance(name, str) and name:
                yield Check(f"dynamodb:{_IN_TRANSACTIONS[kind]}", _table(call, name))


def _keys(value: Any) -> list[str]:
    return [str(key) for key in value if key] if isinstance(value, Mapping) else []


def _table(call: Call, name: str) -> str:
    return name if find_arn(name) else call.arn("dynamodb", f"table/{name}")


def _parameter(call: Call, name: str) -> str:
    if find_arn(name):
        return name
    return call.arn("ssm", f"parameter/{_SELECTOR.sub('', name).removeprefix('/').removesuffix('/')}")


def _undetermined(service: str, call: Call) -> Undetermined:
    return Undetermined(
        f"this emulator does not know which resource of {service} a request for {call.operation} is about"
    )
