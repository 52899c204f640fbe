"""What core's delivery to buckets lacks: expressions in prefixes, compression, delimiters, transforming functions."""

import base64
import gzip
import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from localstack.aws.connect import connect_to
from localstack.utils.aws.client_types import ServicePrincipal

from pipeline_emulator import patches
from pipeline_emulator.arn import parse_arn
from pipeline_emulator.firehose import object_names, transformation

_PRINCIPAL = ServicePrincipal("firehose")
_LAMBDA, _DELIMITER = "Lambda", "AppendDelimiterToRecord"
_PROCESSING_FAILED = "processing-failed"
_stream: ContextVar[Mapping[str, Any]] = ContextVar("delivery_stream")


def install() -> None:
    """Patch core's provider."""

    @patches.PUT_TO_FIREHOSE.wrap
    def put_records(
        original: Callable[..., Any], self: Any, account: str, region: str, name: str, records: list[Any]
    ) -> Any:
        """Remember which delivery stream it is, for what gets its records."""
        token = _stream.set(self.get_store(account, region).delivery_streams.get(name) or {})
        try:
            return original(self, account, region, name, records)
        finally:
            _stream.reset(token)

    @patches.PROCESS_FOR_FIREHOSE.wrap
    def preprocess(original: Callable[..., Any], self: Any, processor: Any, records: list[Any]) -> list[Any]:
        parameters = {each["ParameterName"]: each["ParameterValue"] for each in processor.get("Parameters") or []}
        if processor.get("Type") == _DELIMITER:
            return _delimited(records, parameters.get("Delimiter", "\\n"))
        if processor.get("Type") == _LAMBDA:
            return _transformed(records, parameters)
        return list(original(self, processor, records))

    def put_to_bucket(
        _self: Any, stream_name: str, records: list[Any], s3_destination_description: Mapping[str, Any]
    ) -> None:
        """Write one object with all records; none if they were dropped."""
        if records:
            destination, data = s3_destination_description, b"".join(map(_data, records))
            key = object_names.key(stream_name, destination, _arrived(records))
            _put(destination, key, _compressed(data, destination.get("CompressionFormat")))

    patches.PUT_TO_BUCKET.replace(put_to_bucket)


def _put(destination: Mapping[str, Any], key: str, data: bytes) -> None:
    """Write an object, with the permissions of the destination's role."""
    client = _clients(destination["RoleARN"]).s3.request_metadata(
        source_arn=_stream.get()["DeliveryStreamARN"], service_principal=_PRINCIPAL
    )
    client.put_object(Bucket=parse_arn(destination["BucketARN"]).resource, Key=key, Body=data)


def _transformed(records: Sequence[Any], parameters: Mapping[str, str]) -> list[Any]:
    """Return the records that a function has transformed. The others go to the bucket, below the error prefix."""
    stream = _stream.get()
    destination = _bucket(stream)
    name, region = stream["DeliveryStreamName"], parse_arn(stream["DeliveryStreamARN"]).region
    role = parameters.get("RoleArn") or destination["RoleARN"]
    function = parameters["LambdaArn"]
    client = _clients(role, parse_arn(function).region).lambda_.request_metadata(
        source_arn=stream["DeliveryStreamARN"], service_principal=_PRINCIPAL
    )
    plain = [_plain(record) for record in records]
    retries = int(parameters.get("NumberOfRetries") or transformation.RETRIES)
    outcome = transformation.transform(client, function, stream, region, plain, retries)
    if outcome.failed:
        lines = "".join(f"{json.dumps(each, separators=(',', ':'))}\n" for each in outcome.failed)
        key = object_names.failed_key(name, destination, _arrived(plain), _PROCESSING_FAILED)
        _put(destination, key, lines.encode())
    return outcome.records


def _bucket(stream: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the description of a delivery stream's bucket, which destinations of other types have, too."""
    for destination in stream["Destinations"]:
        for each in destination.values():
            if isinstance(each, Mapping) and "BucketARN" in each:
                return each
            if isinstance(each, Mapping) and (found := each.get("S3DestinationDescription")):
                return dict(found)
    return {}


def _clients(role: str, region: str | None = None) -> Any:
    return connect_to.with_assumed_role(role_arn=role, service_principal=_PRINCIPAL, region_name=region)


def _plain(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record with names as functions get them. Core has two forms, and data as text or bytes."""
    lower = {name[:1].lower() + name[1:]: value for name, value in record.items()}
    data = lower["data"]
    return {**lower, "data": data.decode() if isinstance(data, bytes) else data}


def _data(record: Mapping[str, Any]) -> bytes:
    return base64.b64decode(record.get("Data") or record.get("data") or b"")


def _delimited(records: Sequence[Any], delimiter: str) -> list[Any]:
    """Return records that end with a delimiter, in which line breaks and tabs are written as in code."""
    for written, meant in (("\\n", "\n"), ("\\r", "\r"), ("\\t", "\t")):
        delimiter = delimiter.replace(written, meant)
    return [{**_plain(one), "data": base64.b64encode(_data(one) + delimiter.encode()).decode()} for one in records]


def _arrived(records: Sequence[Any]) -> datetime:
    """Return when the oldest record arrived."""
    times = [_plain(record).get("approximateArrivalTimestamp") for record in records]
    known = [float(each) for each in times if each]
    return datetime.fromtimestamp(min(known) / 1000, UTC) if known else datetime.now(UTC)


def _compressed(data: bytes, form: str | None) -> bytes:
    """Return data in a compressed form. Snappy's need a library of their own: they are stored as they are."""
    if form == "GZIP":
        return gzip.compress(data)
    if form == "ZIP":
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("records", data)
        return file.getvalue()
    return data
