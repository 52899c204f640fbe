"""Functions that transform the records of a delivery stream.

https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html
"""

import json
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

type Record = dict[str, Any]

RETRIES = 3  # the default that the page on failures documents
# Codes and texts: https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-logs.html
_FUNCTION_ERROR = (
    "Lambda.FunctionError", "The Lambda function was successfully invoked but it returned an error result."
)  # fmt: skip
_MISSING = (
    "Lambda.MissingRecordId",
    "One or more record Ids were not returned. Ensure that the Lambda function returns all received record Ids.",
)
_FAILED = ("Lambda.ProcessingFailedStatus", "ProcessingFailed status set for record")
_NO_JSON = (
    "Lambda.JsonProcessingException",
    "There was an error parsing returned records from the Lambda function. Ensure that the returned records follow the"
    " status model required by Amazon Data Firehose.",
)


@dataclass
class Outcome:
    """What became of records.

    Attributes:
        records: those to deliver, with their new data.
        failed: the documents about those that could not be transformed.
    """

    records: list[Record] = field(default_factory=list)
    failed: list[dict[str, Any]] = field(default_factory=list)


def transform(
    client: Any,
    function: str,
    stream: Mapping[str, Any],
    region: str,
    records: Sequence[Record],
    retries: int,
) -> Outcome:
    """Let a function transform records.

    Args:
        client: of Lambda, with the permissions of the delivery stream's role.
        function: its ARN.
        stream: the description of the delivery stream.
        region: its region.
        records: with `data` in Base64 and `approximateArrivalTimestamp` in milliseconds.
        retries: how often a failed invocation is repeated.
    """
    sent = {str(number): record for number, record in enumerate(records)}
    event = {
        "invocationId": str(uuid.uuid4()),
        "deliveryStreamArn": stream["DeliveryStreamARN"],
        "region": region,
        **_source(stream),
        "records": [{"recordId": each, **_visible(record, stream)} for each, record in sent.items()],
    }
    answer, error, attempts = _invoked(client, function, json.dumps(event).encode(), retries)
    outcome = Outcome()
    returned = {each.get("recordId"): each for each in answer if isinstance(each, dict)}
    for each, record in sent.items():
        found = returned.get(each)
        if error or found is None:
            outcome.failed.append(_failure(record, error or _MISSING, attempts, function))
        elif found.get("result") == "Ok":
            outcome.records.append({**record, "data": found.get("data") or ""})
        elif found.get("result") != "Dropped":
            outcome.failed.append(_failure(record, _FAILED, attempts, function))
    return outcome


def _source(stream: Mapping[str, Any]) -> dict[str, str]:
    source = (stream.get("Source") or {}).get("KinesisStreamSourceDescription")
    return {"sourceKinesisStreamArn": source["KinesisStreamARN"]} if source else {}


def _visible(record: Record, stream: Mapping[str, Any]) -> Record:
    """Return what the function gets of a record: of one from a stream, its place there, too."""
    names = ["approximateArrivalTimestamp", "data", *(["kinesisRecordMetadata"] if _source(stream) else [])]
    return {name: record[name] for name in names}


def _invoked(client: Any, function: str, event: bytes, retries: int) -> tuple[list[Any], tuple[str, str] | None, int]:
    """Return the records that a function answers, or an error's code and text, and the number of attempts."""
    error: tuple[str, str] | None = None
    for attempt in range(1, retries + 2):
        try:
            answer = client.invoke(FunctionName=function, Payload=event)
        except ClientError as refused:
            error = _refusal(refused)
            continue
        except BotoCoreError as broken:
            error = ("Lambda.InvokeLimitExceeded", str(broken))
            continue
        if answer.get("FunctionError"):
            error = _FUNCTION_ERROR
            continue
        try:
            records = json.load(answer["Payload"])["records"]
            return list(records), None, attempt
        except (ValueError, TypeError, KeyError):
            return [], _NO_JSON, attempt
    return [], error, retries + 1


def _refusal(error: ClientError) -> tuple[str, str]:
    if error.response["Error"]["Code"] == "AccessDeniedException":
        return (
            "Lambda.InvokeAccessDenied",
            "Access was denied. Ensure that the access policy allows access to the Lambda function.",
        )
    return f"Lambda.{error.response['Error']['Code']}", error.response["Error"]["Message"]


def _failure(record: Record, error: tuple[str, str], attempts: int, function: str) -> dict[str, Any]:
    """Return the document about a record: .../dev/data-transformation-failure-handling.html."""
    return {
        "attemptsMade": attempts,
        "arrivalTimestamp": record["approximateArrivalTimestamp"],
        "errorCode": error[0],
        "errorMessage": error[1],
        "attemptEndingTimestamp": int(time.time() * 1000),
        "rawData": record["data"],
        "lambdaArn": function,
    }
