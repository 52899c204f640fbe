"""Delivery streams of Firehose whose source is a Kinesis stream, as an archive of a pipeline's events."""

import base64
import gzip
import json
import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pipeline_emulator.firehose import object_names

pytestmark = pytest.mark.local_only

READS = ["kinesis:DescribeStream", "kinesis:ListShards", "kinesis:GetShardIterator", "kinesis:GetRecords"]


class Archive:
    """A bucket, and the role with which Firehose reads a stream and writes to it."""

    def __init__(self, localstack: Any, bucket: str, stream: str) -> None:
        self.localstack, self.bucket, self.name = localstack, bucket, f"archive-{uuid.uuid4().hex[:8]}"
        self.firehose, self.functions = localstack.client("firehose"), list[str]()
        kinesis = localstack.client("kinesis")
        self.stream_arn = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]["StreamARN"]
        self.role = self._role()

    def _role(self) -> str:
        principal = {"Effect": "Allow", "Principal": {"Service": "firehose.amazonaws.com"}, "Action": "sts:AssumeRole"}
        role = self.localstack.client("iam").create_role(
            RoleName=self.name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [principal]})
        )
        self.allow(READS)
        return str(role["Role"]["Arn"])

    def allow(self, reads: list[str]) -> None:
        """Replace the role's policy."""
        statements = [
            {"Effect": "Allow", "Action": reads or ["kinesis:ListStreams"], "Resource": self.stream_arn},
            {"Effect": "Allow", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{self.bucket}/*"},
            *({"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": each} for each in self.functions),
        ]
        self.localstack.client("iam").put_role_policy(
            RoleName=self.name,
            PolicyName="archive",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statements}),
        )

    def start(self, **destination: Any) -> None:
        """Create the delivery stream; `destination` is more about the bucket."""
        self.firehose.create_delivery_stream(
            DeliveryStreamName=self.name,
            DeliveryStreamType="KinesisStreamAsSource",
            KinesisStreamSourceConfiguration={"KinesisStreamARN": self.stream_arn, "RoleARN": self.role},
            ExtendedS3DestinationConfiguration={
                "RoleARN": self.role,
                "BucketARN": f"arn:aws:s3:::{self.bucket}",
                **destination,
            },
        )

    def status(self) -> str:
        """Return the delivery stream's status."""
        answer = self.firehose.describe_delivery_stream(DeliveryStreamName=self.name)
        return str(answer["DeliveryStreamDescription"]["DeliveryStreamStatus"])

    def objects(self) -> dict[str, bytes]:
        """Return the objects by their keys."""
        s3 = self.localstack.client("s3")
        keys = [each["Key"] for each in s3.list_objects_v2(Bucket=self.bucket).get("Contents", [])]
        return {key: s3.get_object(Bucket=self.bucket, Key=key)["Body"].read() for key in keys}

    def content(self) -> list[str]:
        """Return the lines of all objects, in no order."""
        return sorted(line for data in self.objects().values() for line in data.decode().splitlines())


@pytest.fixture
def stream(create_stream: Callable[..., str]) -> str:
    return create_stream(2)


@pytest.fixture
def archive(localstack: Any, create_bucket: Callable[[], str], stream: str) -> Any:
    archive = Archive(localstack, create_bucket(), stream)
    yield archive
    archive.firehose.delete_delivery_stream(DeliveryStreamName=archive.name)


@pytest.fixture
def put(localstack: Any, stream: str) -> Callable[..., None]:
    """Put lines on the stream, each with its own partition key."""

    def put(*lines: str) -> None:
        records = [{"Data": f"{line}\n".encode(), "PartitionKey": line} for line in lines]
        localstack.client("kinesis").put_records(StreamName=stream, Records=records)

    return put


def test_an_archive_gets_what_is_put_after_its_creation(
    archive: Archive, put: Callable[..., None], eventually: Any
) -> None:
    put("before")
    archive.start()
    assert archive.status() == "ACTIVE"
    lines = [f"{number:02}" for number in range(20)]
    put(*lines)
    eventually(lambda: archive.content() == lines, "every record is archived once", 20)


def test_records_of_shards_made_later_are_archived(
    localstack: Any, archive: Archive, stream: str, put: Callable[..., None], eventually: Any
) -> None:
    archive.start()
    put("1", "2")
    kinesis = localstack.client("kinesis")
    kinesis.merge_shards(
        StreamName=stream, ShardToMerge="shardId-000000000000", AdjacentShardToMerge="shardId-000000000001"
    )
    kinesis.get_waiter("stream_exists").wait(StreamName=stream, WaiterConfig={"Delay": 1})
    put("3", "4")
    eventually(lambda: archive.content() == ["1", "2", "3", "4"], "every record is archived once", 20)


def test_nothing_is_lost_while_the_role_may_not_read(
    archive: Archive, put: Callable[..., None], eventually: Any
) -> None:
    archive.allow([])
    archive.start()
    put("kept")
    eventually(lambda: "Firehose cannot deliver" in archive.localstack.log(), "the log says so", 20)
    assert archive.content() == []
    archive.allow(READS)
    eventually(lambda: archive.content() == ["kept"], "the record is archived", 20)


def test_objects_are_named_and_compressed_as_the_destination_says(archive: Archive, put: Any, eventually: Any) -> None:
    """https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html and .../s3-object-name.html."""
    delimiter = {"ParameterName": "Delimiter", "ParameterValue": "\\n"}
    archive.start(
        Prefix="events/year=!{timestamp:yyyy}/day=!{timestamp:MM-dd}/!{firehose:random-string}/",
        ErrorOutputPrefix="errors/!{firehose:error-output-type}/",
        CompressionFormat="GZIP",
        ProcessingConfiguration={
            "Enabled": True, "Processors": [{"Type": "AppendDelimiterToRecord", "Parameters": [delimiter]}]
        },
    )  # fmt: skip
    put("1")
    eventually(lambda: archive.objects(), "there is an object", 20)
    [(key, data)] = archive.objects().items()
    name = rf"{archive.name}-1-\d{{4}}(-\d\d){{5}}-[0-9a-f-]{{36}}\.gz"
    assert re.fullmatch(rf"events/year=20\d\d/day=\d\d-\d\d/[a-zA-Z0-9]{{11}}/{name}", key)
    assert gzip.decompress(data) == b"1\n\n"


TRANSFORM = """
import base64

def handler(event, context):
    records = event["records"]
    print(event["sourceKinesisStreamArn"], records[0]["kinesisRecordMetadata"]["partitionKey"])
    texts = {record["recordId"]: base64.b64decode(record["data"]).decode() for record in records}
    if any("break" in text for text in texts.values()):
        raise ValueError("cannot")
    return {"records": [
        {"recordId": number, "result": result(text), "data": base64.b64encode(text.upper().encode()).decode()}
        for number, text in texts.items() if "forget" not in text
    ]}

def result(text):
    return {"drop": "Dropped", "fail": "ProcessingFailed"}.get(text.strip(), "Ok")
"""


@pytest.mark.parametrize(
    ("lines", "delivered", "failed"),
    [
        (["a", "drop", "fail", "forget"], ["A"], {"fail": "ProcessingFailedStatus", "forget": "MissingRecordId"}),
        (["break"], [], {"break": "FunctionError"}),
    ],
)
def test_what_a_transforming_function_says_of_each_record_counts(
    archive: Archive, put: Any, create_function: Any, eventually: Any, lines: Any, delivered: Any, failed: Any
) -> None:
    """https://docs.aws.amazon.com/firehose/latest/dev/data-transformation-status-model.html.

    And .../data-transformation-failure-handling.html.
    """
    function = create_function(TRANSFORM)
    archive.functions.append(function.arn)
    archive.allow(READS)
    named = {"LambdaArn": function.arn, "NumberOfRetries": "1"}
    parameters = [{"ParameterName": name, "ParameterValue": value} for name, value in named.items()]
    archive.start(
        ProcessingConfiguration={"Enabled": True, "Processors": [{"Type": "Lambda", "Parameters": parameters}]}
    )
    put(*lines)

    def found() -> tuple[list[str], dict[str, str]]:
        good, bad = [], {}
        for key, data in archive.objects().items():
            if not key.startswith("processing-failed/20"):
                good += data.decode().split()
                continue
            for document in map(json.loads, data.splitlines()):
                assert (document["lambdaArn"], document["attemptsMade"]) == (function.arn, 2 if "break" in lines else 1)
                bad[base64.b64decode(document["rawData"]).decode().strip()] = document["errorCode"]
        return good, bad

    expected = (delivered, {text: f"Lambda.{code}" for text, code in failed.items()})
    eventually(lambda: found() == expected, "every record is delivered, dropped or failed", 30)


def test_a_role_that_may_not_call_the_function_fails_the_records(
    archive: Archive, put: Any, create_function: Any, eventually: Any
) -> None:
    parameters = [{"ParameterName": "LambdaArn", "ParameterValue": create_function(TRANSFORM).arn}]
    archive.start(
        ProcessingConfiguration={"Enabled": True, "Processors": [{"Type": "Lambda", "Parameters": parameters}]}
    )
    put("a")
    eventually(lambda: "Lambda.InvokeAccessDenied" in "".join(archive.content()), "the record has failed", 20)


def test_times_in_prefixes_are_as_java_writes_them() -> None:
    moment = datetime(2026, 3, 5, 7, 8, 9, 123456, tzinfo=UTC)
    for pattern, text in (
        ("yyyy/MM/dd/HH/", "2026/03/05/07/"),
        ("yy-M-d'T'H", "26-3-5T7"),
        ("'year='yyyy''", "year=2026'"),
        ("DDD EEE MMM hh a mm ss SSS", "064 Thu Mar 07 AM 08 09 123"),
    ):
        assert object_names.formatted(pattern, moment) == text
    tokyo = {"Prefix": "a-", "CustomTimeZone": "Asia/Tokyo"}
    assert object_names.prefix(tokyo, moment) == "a-2026/03/05/16/"


def test_the_description_of_an_endpoint_has_its_bucket(localstack: Any) -> None:
    """https://docs.aws.amazon.com/firehose/latest/APIReference/API_HttpEndpointDestinationDescription.html"""
    firehose, name = localstack.client("firehose"), f"endpoint-{uuid.uuid4().hex[:8]}"
    bucket = {"RoleARN": "arn:aws:iam::000000000000:role/endpoint", "BucketARN": "arn:aws:s3:::failed"}
    firehose.create_delivery_stream(
        DeliveryStreamName=name,
        HttpEndpointDestinationConfiguration={
            "EndpointConfiguration": {"Url": "https://example.com"}, "S3Configuration": bucket,
        },
    )  # fmt: skip
    for _ in range(2):  # core's first description spoilt the next ones
        found = firehose.describe_delivery_stream(DeliveryStreamName=name)["DeliveryStreamDescription"]
        described = found["Destinations"][0]["HttpEndpointDestinationDescription"]["S3DestinationDescription"]
        assert bucket.items() <= described.items()
    firehose.delete_delivery_stream(DeliveryStreamName=name)


def test_encryption_is_switched_as_clients_expect(localstack: Any) -> None:
    """https://docs.aws.amazon.com/firehose/latest/APIReference/API_StartDeliveryStreamEncryption.html"""
    firehose, name = localstack.client("firehose"), f"encrypted-{uuid.uuid4().hex[:8]}"
    key = {"KeyType": "CUSTOMER_MANAGED_CMK", "KeyARN": "arn:aws:kms:ap-south-1:000000000000:key/1"}
    bucket = {"RoleARN": "arn:aws:iam::000000000000:role/archive", "BucketARN": "arn:aws:s3:::archive"}

    def state() -> Any:
        found = firehose.describe_delivery_stream(DeliveryStreamName=name)["DeliveryStreamDescription"]
        return found["DeliveryStreamEncryptionConfiguration"]

    firehose.create_delivery_stream(
        DeliveryStreamName=name,
        DeliveryStreamEncryptionConfigurationInput={"KeyType": "AWS_OWNED_CMK"},
        ExtendedS3DestinationConfiguration=bucket,
    )
    assert state() == {"KeyType": "AWS_OWNED_CMK", "Status": "ENABLED"}
    firehose.start_delivery_stream_encryption(DeliveryStreamName=name, DeliveryStreamEncryptionConfigurationInput=key)
    assert state() == {**key, "Status": "ENABLED"}
    firehose.stop_delivery_stream_encryption(DeliveryStreamName=name)
    assert state() == {"Status": "DISABLED"}
    with pytest.raises(ClientError, match="InvalidArgumentException"):
        firehose.start_delivery_stream_encryption(
            DeliveryStreamName=name, DeliveryStreamEncryptionConfigurationInput={"KeyType": "CUSTOMER_MANAGED_CMK"}
        )
    firehose.delete_delivery_stream(DeliveryStreamName=name)
