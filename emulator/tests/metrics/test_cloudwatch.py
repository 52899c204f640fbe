"""Metrics of streams and functions in the CloudWatch of a real LocalStack, as a user reads them."""

import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.local_only

FIRST = "shardId-000000000000"
MIB = 2**20
ANSWER = """
    import time

    def handler(event, context):
        time.sleep(event.get("seconds", 0))
        return 1 / event.get("divisor", 1)
"""


@pytest.fixture(scope="module")
def kinesis(localstack: Any) -> Any:
    return localstack.client("kinesis")


def read_all(kinesis: Any, stream: str) -> int:
    """Returns the number of records in the first shard."""
    found = kinesis.get_shard_iterator(StreamName=stream, ShardId=FIRST, ShardIteratorType="TRIM_HORIZON")
    return len(kinesis.get_records(ShardIterator=found["ShardIterator"])["Records"])


def test_every_record_counts_once_for_stream_and_shard(
    kinesis: Any, create_stream: Callable[..., str], read_metric: Callable[..., dict[str, float]]
) -> None:
    stream = create_stream()
    other = f"{stream}-2"  # its name contains the stream's
    kinesis.create_stream(StreamName=other, ShardCount=1)
    kinesis.enable_enhanced_monitoring(StreamName=stream, ShardLevelMetrics=["ALL"])
    record = {"Data": b"12345678", "PartitionKey": "ab"}
    for _ in range(3):
        kinesis.put_records(StreamName=stream, Records=[record] * 50)
    kinesis.put_record(StreamName=stream, **record)
    kinesis.put_record(StreamName=other, **record)
    with pytest.raises(ClientError, match="ValidationException"):
        kinesis.put_records(StreamName=stream, Records=[record, {"Data": b"x" * MIB, "PartitionKey": "a"}])
    assert read_all(kinesis, stream) == 151
    kinesis.delete_stream(StreamName=other)

    incoming = {"Sum": 151, "Average": 37.75, "Minimum": 1, "Maximum": 50, "SampleCount": 4}
    assert read_metric("AWS/Kinesis", "IncomingRecords", StreamName=stream) == incoming
    assert read_metric("AWS/Kinesis", "IncomingRecords", StreamName=stream, ShardId=FIRST) == incoming
    assert read_metric("AWS/Kinesis", "IncomingBytes", StreamName=stream)["Sum"] == 1510
    assert read_metric("AWS/Kinesis", "PutRecords.TotalRecords", StreamName=stream)["Sum"] == 150
    assert read_metric("AWS/Kinesis", "PutRecord.Success", StreamName=stream)["Average"] == 1
    assert read_metric("AWS/Kinesis", "GetRecords.Records", StreamName=stream)["Sum"] == 151
    assert read_metric("AWS/Kinesis", "OutgoingBytes", StreamName=stream, ShardId=FIRST)["Sum"] == 1510
    assert read_metric("AWS/Kinesis", "WriteProvisionedThroughputExceeded", StreamName=stream)["Maximum"] == 0
    age = read_metric("AWS/Kinesis", "GetRecords.IteratorAgeMilliseconds", StreamName=stream)
    assert age["SampleCount"] == 1
    assert 0 < age["Maximum"] < 60_000
    assert read_metric("AWS/Kinesis", "IncomingRecords") == {}


def test_shards_have_no_metrics_without_enhanced_monitoring(
    localstack: Any, kinesis: Any, create_stream: Callable[..., str]
) -> None:
    stream = create_stream()
    kinesis.put_record(StreamName=stream, Data=b"1", PartitionKey="a")
    dimensions = [{"Name": "StreamName", "Value": stream}]
    found = localstack.client("cloudwatch").list_metrics(Namespace="AWS/Kinesis", Dimensions=dimensions)["Metrics"]
    assert "IncomingRecords" in {metric["MetricName"] for metric in found}
    assert all(metric["Dimensions"] == dimensions for metric in found)


READS = 20


def refused_reads(kinesis: Any, stream: str) -> int:
    """Returns how many of `READS` simultaneous reads are refused. A shard allows five per second."""
    found = kinesis.get_shard_iterator(StreamName=stream, ShardId=FIRST, ShardIteratorType="TRIM_HORIZON")

    def refused(_number: int) -> bool:
        try:
            kinesis.get_records(ShardIterator=found["ShardIterator"])
        except kinesis.exceptions.ProvisionedThroughputExceededException:
            return True
        return False

    with ThreadPoolExecutor(READS) as pool:
        return sum(pool.map(refused, range(READS)))


@pytest.fixture(scope="module")
def limited(start_localstack: Callable[..., Any]) -> Any:
    """A LocalStack that enforces the limits of shards."""
    return start_localstack(KINESIS_ENFORCE_LIMITS="1")


def test_throttled_records_and_reads_are_counted(limited: Any, make_reader: Callable[..., Any]) -> None:
    kinesis, read = limited.client("kinesis"), make_reader(limited)
    stream = f"stream-{uuid.uuid4().hex[:8]}"
    kinesis.create_stream(StreamName=stream, ShardCount=1)
    failed = 0
    for _ in range(4):
        records = [{"Data": b"x", "PartitionKey": "a"}] * 500
        failed += kinesis.put_records(StreamName=stream, Records=records)["FailedRecordCount"]
    assert 0 < failed < 2000
    assert read("AWS/Kinesis", "WriteProvisionedThroughputExceeded", StreamName=stream)["Sum"] == failed
    assert read("AWS/Kinesis", "PutRecords.ThrottledRecords", StreamName=stream)["Sum"] == failed
    assert read("AWS/Kinesis", "IncomingRecords", StreamName=stream)["Sum"] == 2000 - failed
    refused = refused_reads(kinesis, stream)
    assert 0 < refused < READS
    assert read("AWS/Kinesis", "ReadProvisionedThroughputExceeded", StreamName=stream) == {
        "Sum": refused,
        "Average": refused / READS,
        "Minimum": 0,
        "Maximum": 1,
        "SampleCount": READS,
    }


def test_get_metric_data_returns_them_too(
    localstack: Any, kinesis: Any, create_stream: Callable[..., str], eventually: Callable[..., Any]
) -> None:
    stream = create_stream()
    cloudwatch = localstack.client("cloudwatch")
    metric = {
        "Namespace": "AWS/Kinesis",
        "MetricName": "IncomingRecords",
        "Dimensions": [{"Name": "StreamName", "Value": stream}],
    }

    def total() -> float:
        now = datetime.now(UTC)
        [result] = cloudwatch.get_metric_data(
            MetricDataQueries=[{"Id": "sum", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}}],
            StartTime=now - timedelta(minutes=3),
            EndTime=now,
        )["MetricDataResults"]
        assert all(timestamp.second == 0 for timestamp in result["Timestamps"])
        return float(sum(result["Values"]))

    for count in range(1, 4):
        kinesis.put_records(StreamName=stream, Records=[{"Data": b"x", "PartitionKey": "a"}] * 10)
        assert total() == count * 10


@pytest.mark.parametrize(("after_the_minute", "found"), [(timedelta(0), []), (timedelta(milliseconds=1), [7])])
def test_last_period_counts_from_its_first_moment(
    localstack: Any, after_the_minute: timedelta, found: list[float]
) -> None:
    cloudwatch, namespace = localstack.client("cloudwatch"), f"moment-{uuid.uuid4().hex}"
    minute = datetime.now(UTC).replace(second=0, microsecond=0)
    cloudwatch.put_metric_data(
        Namespace=namespace, MetricData=[{"MetricName": "Count", "Timestamp": minute, "Value": 7}]
    )
    metric = {"Namespace": namespace, "MetricName": "Count"}
    [result] = cloudwatch.get_metric_data(
        MetricDataQueries=[{"Id": "sum", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}}],
        StartTime=minute - timedelta(minutes=3),
        EndTime=minute + after_the_minute,
    )["MetricDataResults"]
    assert result["Values"] == found


def test_alarm_goes_off_for_a_metric_of_a_stream(
    localstack: Any, kinesis: Any, create_stream: Callable[..., str], eventually: Callable[..., Any]
) -> None:
    stream = create_stream()
    cloudwatch, alarm = localstack.client("cloudwatch"), f"alarm-{stream}"
    kinesis.put_record(StreamName=stream, Data=b"1", PartitionKey="a")
    cloudwatch.put_metric_alarm(
        AlarmName=alarm,
        Namespace="AWS/Kinesis",
        MetricName="IncomingRecords",
        Dimensions=[{"Name": "StreamName", "Value": stream}],
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        TreatMissingData="notBreaching",
    )

    def state() -> str:
        return str(cloudwatch.describe_alarms(AlarmNames=[alarm])["MetricAlarms"][0]["StateValue"])

    eventually(lambda: state() == "ALARM", "the alarm goes off", 90)
    cloudwatch.delete_alarms(AlarmNames=[alarm])


def test_invocations_errors_and_durations_are_counted(
    localstack: Any, create_function: Callable[..., Any], read_metric: Callable[..., dict[str, float]]
) -> None:
    function = create_function(ANSWER, Publish=True)
    awslambda = localstack.client("lambda")
    awslambda.create_alias(FunctionName=function.name, Name="live", FunctionVersion="1")
    for event in ({"seconds": 0.3}, {}, {"divisor": 0}):
        function.invoke(event)
    assert function.invoke({}, Qualifier="live").error is None

    invocations = {"Sum": 4, "Average": 1, "Minimum": 1, "Maximum": 1, "SampleCount": 4}
    assert read_metric("AWS/Lambda", "Invocations", FunctionName=function.name) == invocations
    errors = {"Sum": 1, "Average": 0.25, "Minimum": 0, "Maximum": 1, "SampleCount": 4}
    assert read_metric("AWS/Lambda", "Errors", FunctionName=function.name) == errors
    duration = read_metric("AWS/Lambda", "Duration", FunctionName=function.name)
    assert duration["SampleCount"] == 4
    assert 300 <= duration["Maximum"] < 5_000
    unqualified = {"FunctionName": function.name, "Resource": function.name}
    assert read_metric("AWS/Lambda", "Invocations", **unqualified)["Sum"] == 3
    alias = {"FunctionName": function.name, "Resource": f"{function.name}:live"}
    assert read_metric("AWS/Lambda", "Invocations", **alias)["Sum"] == 1
    assert read_metric("AWS/Lambda", "Invocations", **alias, ExecutedVersion="1")["Sum"] == 1


def test_throttled_invocations_do_not_count_as_invocations(
    localstack: Any, create_function: Callable[..., Any], read_metric: Callable[..., dict[str, float]]
) -> None:
    function = create_function(ANSWER)
    awslambda = localstack.client("lambda")
    awslambda.put_function_concurrency(FunctionName=function.name, ReservedConcurrentExecutions=0)
    for _ in range(2):
        with pytest.raises(ClientError, match="TooManyRequestsException"):
            function.invoke({})
    awslambda.delete_function_concurrency(FunctionName=function.name)
    function.invoke({})
    throttles = read_metric("AWS/Lambda", "Throttles", FunctionName=function.name)
    assert (throttles["Sum"], throttles["SampleCount"]) == (2, 3)
    assert read_metric("AWS/Lambda", "Invocations", FunctionName=function.name)["Sum"] == 1


@pytest.fixture
def without_cloudwatch(start_localstack: Callable[..., Any]) -> Iterator[Any]:
    """A LocalStack without CloudWatch."""
    localstack = start_localstack(SERVICES="kinesis,lambda,iam,sts,logs,s3,sqs")
    yield localstack
    localstack.stop()


@pytest.mark.long_proof
def test_localstack_without_cloudwatch_works(without_cloudwatch: Any, create_function: Callable[..., Any]) -> None:
    kinesis = without_cloudwatch.client("kinesis")
    kinesis.create_stream(StreamName="stream", ShardCount=1)
    kinesis.enable_enhanced_monitoring(StreamName="stream", ShardLevelMetrics=["ALL"])
    kinesis.put_record(StreamName="stream", Data=b"1", PartitionKey="a")
    assert read_all(kinesis, "stream") == 1
    assert create_function(ANSWER, where=without_cloudwatch).invoke({}).payload == 1
    assert "could not be published" not in without_cloudwatch.log()
