"""Streams that get the changes of a table: EnableKinesisStreamingDestination and its siblings. Moto has none of them.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/kds.html
"""

import uuid
from typing import Any

from localstack.aws.api import CommonServiceException, RequestContext
from moto.dynamodb.models.table import StreamShard, Table

from pipeline_emulator.dynamodb.kinesis_sender import MICROSECOND, MILLISECOND, PRECISION, destinations
from pipeline_emulator.dynamodb.table_settings import find
from pipeline_emulator.kinesis.streams.errors import StreamError
from pipeline_emulator.kinesis.streams.identity import split_arn
from pipeline_emulator.services import provider

# Texts as LocalStack's authors recorded them on AWS, in tests/aws/services/dynamodb/test_dynamodb.snapshot.json.
_NO_TABLE = "Requested resource not found: Table: {} not found"
_NO_STREAM = "User does not have a permission to use kinesis stream"
_NOT_DISABLED = (
    "Table is not in a valid state to enable Kinesis Streaming Destination:EnableKinesisStreamingDestination must be"
    " DISABLED or ENABLE_FAILED to perform ENABLE operation."
)
_NOT_ACTIVE = (
    "Table is not in a valid state to disable Kinesis Streaming Destination:DisableKinesisStreamingDestination must be"
    " ACTIVE to perform DISABLE operation."
)
_UNKNOWN = (
    "Table is not in a valid state to enable Kinesis Streaming Destination: No streaming destination with streamArn: {}"
    " found for table with tableName: {}"
)
_NOTHING_TO_UPDATE = (
    "Streaming destination cannot be updated with given parameters: UpdateKinesisStreamingConfiguration cannot be null"
    " or contain only null values"
)
_NO_PRECISION = (
    "1 validation error detected: Value '{}' at"
    " 'updateKinesisStreamingConfiguration.approximateCreationDateTimePrecision' failed to satisfy constraint: Member"
    " must satisfy enum value set: [MILLISECOND, MICROSECOND]"
)
_SAME = "Invalid Request: Precision is already set to the desired value of {} for tableId: {}, kdsArn: {}"


def enable(context: RequestContext) -> dict[str, Any]:
    """Let a stream get the changes of a table from now on."""
    table, request = table_of(context), _request(context)
    arn, configuration = request["StreamArn"], request.get("EnableKinesisStreamingConfiguration") or {}
    found = destinations(table).get(arn)
    if found and found["DestinationStatus"] == "ACTIVE":
        raise _refusal(_NOT_DISABLED)
    if not _exists(arn):
        raise _refusal(_NO_STREAM)
    destinations(table)[arn] = {"StreamArn": arn, "DestinationStatus": "ACTIVE", **configuration}
    if table.stream_shard is None:  # where moto tells of changes; it lists none without a label
        table.stream_shard = StreamShard(context.account_id, table)
    return _answer(context, "ENABLING") | {"EnableKinesisStreamingConfiguration": configuration}


def disable(context: RequestContext) -> dict[str, Any]:
    """Let a stream get no further changes of a table."""
    found = destinations(table_of(context)).get(_request(context)["StreamArn"])
    if not found or found["DestinationStatus"] != "ACTIVE":
        raise _refusal(_NOT_ACTIVE)
    found["DestinationStatus"] = "DISABLED"
    return _answer(context, "DISABLING")


def describe(context: RequestContext) -> dict[str, Any]:
    """Return the streams of a table, those of the past, too."""
    found = [dict(each) for each in destinations(table_of(context)).values()]
    return {"TableName": _request(context)["TableName"], "KinesisDataStreamDestinations": found}


def update(context: RequestContext) -> dict[str, Any]:
    """Change the unit of the times in later records."""
    table, request = table_of(context), _request(context)
    arn, configuration = request["StreamArn"], request.get("UpdateKinesisStreamingConfiguration") or {}
    if (precision := configuration.get(PRECISION)) is None:
        raise _refusal(_NOTHING_TO_UPDATE)
    if precision not in (MILLISECOND, MICROSECOND):
        raise _refusal(_NO_PRECISION.format(precision))
    if (found := destinations(table).get(arn)) is None:
        raise _refusal(_UNKNOWN.format(arn, table.name))
    if found.get(PRECISION, MILLISECOND) == precision:
        raise _refusal(_SAME.format(precision, table_id(table), arn))
    found[PRECISION] = precision
    return _answer(context, "UPDATING") | {"UpdateKinesisStreamingConfiguration": configuration}


def _request(context: RequestContext) -> dict[str, Any]:
    request: Any = context.service_request
    return dict(request)


def table_of(context: RequestContext) -> Table:
    """Return moto's table that a request names.

    Raises:
        CommonServiceException: there is none.
    """
    name = str(_request(context)["TableName"])
    table = find(context.account_id, context.region, name)
    if table is None:
        raise CommonServiceException("ResourceNotFoundException", _NO_TABLE.format(name), sender_fault=True)
    return table


def table_id(table: Table) -> str:
    """Return the id that AWS gives a table."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{table.table_arn} {table.created_at}"))


def _exists(stream_arn: str) -> bool:
    try:
        provider("kinesis").streams.get(split_arn(stream_arn)[0])
    except (StreamError, ValueError):
        return False
    return True


def _answer(context: RequestContext, status: str) -> dict[str, Any]:
    request = _request(context)
    return {"TableName": request["TableName"], "StreamArn": request["StreamArn"], "DestinationStatus": status}


def _refusal(message: str) -> CommonServiceException:
    return CommonServiceException("ValidationException", message, sender_fault=True)
