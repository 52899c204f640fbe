"""The failure record of a discarded batch, as an on-failure destination receives it.

"Retain discarded batch records for a Kinesis Data Streams event source in Lambda"
(https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html): examples for SQS, SNS and S3,
and the naming of S3 objects. Of a table:
https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html, with times in whole seconds.
"""

import uuid
from datetime import UTC, datetime
from typing import Any, Literal

from pipeline_emulator.event_source.batch_run import Discard
from pipeline_emulator.event_source.records import payload
from pipeline_emulator.event_source.settings import MappingSettings

type _Precision = Literal["seconds", "milliseconds"]


def failure_record(discard: Discard, settings: MappingSettings, shard_id: str, now: datetime) -> dict[str, Any]:
    """Return the metadata for every destination.

    Records that are too old have no `responseContext`, even if the function failed on them, and a count of 1 if it
    never ran: recorded on AWS by LocalStack's tests (`test_kinesis_maximum_record_age_exceeded`).
    """
    invocation = discard.invocation
    record: dict[str, Any] = {
        "requestContext": {
            "requestId": invocation.request_id if invocation else str(uuid.uuid4()),
            "functionArn": settings.function_arn,
            "condition": discard.condition,
            "approximateInvokeCount": max(1, discard.invoke_count),
        }
    }
    if invocation and discard.condition == "RetryAttemptsExhausted":
        record["responseContext"] = {
            "statusCode": invocation.status_code,
            "executedVersion": invocation.executed_version,
            "functionError": invocation.function_error,
        }
    first, last = discard.records[0], discard.records[-1]
    is_table = settings.source.service == "dynamodb"
    precision: _Precision = "seconds" if is_table else "milliseconds"
    return record | {
        "version": "1.0",
        "timestamp": _iso(now),
        "DDBStreamBatchInfo" if is_table else "KinesisBatchInfo": {
            "shardId": shard_id,
            "startSequenceNumber": str(first.sequence_number),
            "endSequenceNumber": str(last.sequence_number),
            "approximateArrivalOfFirstRecord": _iso(datetime.fromtimestamp(first.arrival, UTC), precision),
            "approximateArrivalOfLastRecord": _iso(datetime.fromtimestamp(last.arrival, UTC), precision),
            "batchSize": len(discard.records),
            "streamArn": settings.stream_arn,
        },
    }


def with_payload(record: dict[str, Any], discard: Discard) -> dict[str, Any]:
    """Return the record for S3, with `payload`: "the original invocation record as an escaped JSON string"."""
    return record | {"payload": payload(discard.records)}


def object_key(mapping_uuid: str, shard_id: str, now: datetime) -> str:
    """Return `aws/lambda/<ESM-UUID>/<shardID>/YYYY/MM/DD/YYYY-MM-DDTHH.MM.SS-<Random UUID>`."""
    return f"aws/lambda/{mapping_uuid}/{shard_id}/{now:%Y/%m/%d}/{now:%Y-%m-%dT%H.%M.%S}-{uuid.uuid4()}"


def _iso(moment: datetime, precision: _Precision = "milliseconds") -> str:
    return moment.astimezone(UTC).isoformat(timespec=precision).replace("+00:00", "Z")
