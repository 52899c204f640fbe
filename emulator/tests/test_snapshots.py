"""Snapshots of a real LocalStack, loaded into another one."""

import io
import itertools
import json
import tarfile
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.local_only

TOKEN = "the-token"
VARIABLE = "PIPELINE_SNAPSHOT_TOKEN"
SUM = """
    import base64, boto3, json, os

    def handler(event, context):
        records = [base64.b64decode(each["kinesis"]["data"]).decode() for each in event["Records"]]
        boto3.client("kinesis").put_records(
            StreamName=os.environ["OUT"], Records=[{"Data": one.encode(), "PartitionKey": one} for one in records]
        )
"""


def ask(localstack: Any, method: str = "GET", body: bytes | None = None, token: str = TOKEN) -> bytes:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-tar"}
    request = urllib.request.Request(f"{localstack.endpoint_url}/_pipeline/snapshot", body, headers, method=method)
    with urllib.request.urlopen(request, timeout=120) as answer:
        content: bytes = answer.read()
    return content


def refusal(localstack: Any, *arguments: Any, **more: Any) -> tuple[int, dict[str, str]]:
    with pytest.raises(urllib.error.HTTPError) as caught:
        ask(localstack, *arguments, **more)
    with caught.value as error:
        return error.code, json.loads(error.read())


def read_all(localstack: Any, stream: str) -> list[str]:
    kinesis, found = localstack.client("kinesis"), []
    for shard in kinesis.list_shards(StreamName=stream)["Shards"]:
        position = {"ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
        iterator, behind = kinesis.get_shard_iterator(StreamName=stream, **position)["ShardIterator"], 1
        while iterator and behind:
            answer = kinesis.get_records(ShardIterator=iterator)
            found += [one["Data"].decode() for one in answer["Records"]]
            iterator, behind = answer.get("NextShardIterator"), answer["MillisBehindLatest"]
    return found


def put(localstack: Any, stream: str, *texts: str) -> None:
    records = [{"Data": text.encode(), "PartitionKey": text} for text in texts]
    assert localstack.client("kinesis").put_records(StreamName=stream, Records=records)["FailedRecordCount"] == 0


@pytest.fixture(scope="module")
def first(start_localstack: Callable[..., Any]) -> Any:
    """The LocalStack that is saved."""
    return start_localstack(**{VARIABLE: TOKEN})


@pytest.fixture(scope="module")
def made(first: Any) -> dict[str, Any]:
    """Names and ids of what was made beside the pipeline."""
    return {**_make_objects(first), **_make_secrets(first), **_make_neighbours(first)}


def _make_objects(first: Any) -> dict[str, Any]:
    s3 = first.client("s3")
    s3.create_bucket(Bucket="kept", CreateBucketConfiguration={"LocationConstraint": "ap-south-1"})
    s3.put_bucket_versioning(Bucket="kept", VersioningConfiguration={"Status": "Enabled"})
    versions = [s3.put_object(Bucket="kept", Key="a", Body=body)["VersionId"] for body in (b"old", b"new")]
    parts, upload = [b"x" * 6 * 2**20, b"y"], s3.create_multipart_upload(Bucket="kept", Key="large")["UploadId"]
    place = {"Bucket": "kept", "Key": "large", "UploadId": upload}
    tags = [s3.upload_part(**place, PartNumber=n, Body=body)["ETag"] for n, body in enumerate(parts, 1)]
    numbered = [{"PartNumber": n, "ETag": tag} for n, tag in enumerate(tags, 1)]
    s3.complete_multipart_upload(**place, MultipartUpload={"Parts": numbered})
    open_upload = s3.create_multipart_upload(Bucket="kept", Key="open")["UploadId"]
    part = s3.upload_part(Bucket="kept", Key="open", UploadId=open_upload, PartNumber=1, Body=b"part")
    return {"versions": versions, "upload": open_upload, "part": part["ETag"]}


def _make_secrets(first: Any) -> dict[str, Any]:
    kms, iam = first.client("kms"), first.client("iam")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    iam.create_user(UserName="somebody")
    access = iam.create_access_key(UserName="somebody")["AccessKey"]
    first.client("ssm").put_parameter(Name="/a/b", Value="parameter", Type="SecureString")
    first.client("secretsmanager").create_secret(Name="secret", SecretString="hidden")
    sealed = kms.encrypt(KeyId=key, Plaintext=b"sealed")["CiphertextBlob"]
    return {"key": key, "sealed": sealed, "access": access["AccessKeyId"]}


def _make_neighbours(first: Any) -> dict[str, Any]:
    queue = first.client("sqs").create_queue(QueueName="queue")["QueueUrl"]
    first.client("sqs").send_message(QueueUrl=queue, MessageBody="message")
    topic = first.client("sns").create_topic(Name="topic")["TopicArn"]
    logs = first.client("logs")
    logs.create_log_group(logGroupName="/group")
    logs.create_log_stream(logGroupName="/group", logStreamName="stream")
    now = 1000 * int(__import__("time").time())
    logs.put_log_events(
        logGroupName="/group", logStreamName="stream", logEvents=[{"timestamp": now, "message": "a line"}]
    )
    cloudwatch = first.client("cloudwatch")
    cloudwatch.put_metric_data(Namespace="own", MetricData=[{"MetricName": "count", "Value": 3}])
    cloudwatch.put_metric_alarm(
        AlarmName="alarm", Namespace="own", MetricName="count", Statistic="Sum", Period=60, EvaluationPeriods=1,
        Threshold=100, ComparisonOperator="GreaterThanThreshold",
    )  # fmt: skip
    first.client("ecr").create_repository(repositoryName="repository", tags=[{"Key": "a", "Value": "b"}])
    return {"topic": topic}


@pytest.fixture(scope="module")
def pipeline(first: Any, start_localstack: Callable[..., Any]) -> dict[str, str]:
    """A function between two streams: five records are answered, then the mapping is disabled, and five more wait."""
    kinesis, functions = first.client("kinesis"), first.client("lambda")
    for name in ("in", "out"):
        kinesis.create_stream(StreamName=name, ShardCount=2)
    role = _role(first)
    functions.create_function(
        FunctionName="sum", Role=role, Runtime="python3.13", Handler="function.handler", Timeout=20,
        Code={"ZipFile": _zip(SUM)}, Environment={"Variables": {"OUT": "out"}}, Publish=True,
    )  # fmt: skip
    functions.get_waiter("function_active_v2").wait(FunctionName="sum")
    functions.create_alias(FunctionName="sum", Name="live", FunctionVersion="1")
    uuid = functions.create_event_source_mapping(
        EventSourceArn="arn:aws:kinesis:ap-south-1:000000000000:stream/in",
        FunctionName="sum:live",
        StartingPosition="TRIM_HORIZON",
    )["UUID"]
    return {"uuid": uuid}


def _role(where: Any) -> str:
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    allowed = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    iam = where.client("iam")
    role = iam.create_role(RoleName="role", AssumeRolePolicyDocument=_policy(trust))["Role"]["Arn"]
    iam.put_role_policy(RoleName="role", PolicyName="everything", PolicyDocument=_policy(allowed))
    return str(role)


def _policy(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _zip(source: str) -> bytes:
    import zipfile
    from textwrap import dedent

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("function.py", dedent(source))
    return buffer.getvalue()


@pytest.fixture(scope="module")
def snapshot(first: Any, made: dict[str, Any], pipeline: dict[str, str]) -> bytes:
    """The snapshot: five records are answered, and five wait for a mapping that was disabled."""
    functions = first.client("lambda")
    put(first, "in", *"abcde")
    _until(lambda: len(read_all(first, "out")) == 5)
    functions.update_event_source_mapping(UUID=pipeline["uuid"], Enabled=False)
    _until(lambda: functions.get_event_source_mapping(UUID=pipeline["uuid"])["State"] == "Disabled")
    put(first, "in", *"fghij")
    return ask(first)


def _until(condition: Callable[[], bool], seconds: float = 30) -> None:
    import time

    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.05)  # the polling interval


@pytest.fixture(scope="module")
def second(snapshot: bytes, start_localstack: Callable[..., Any]) -> Any:
    """The LocalStack into which it was loaded. It keeps streams, as the first one does not."""
    loaded = start_localstack(**{VARIABLE: TOKEN}, PERSISTENCE="1")
    ask(loaded, "PUT", snapshot)
    return loaded


def without_metadata(answer: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in answer.items() if key != "ResponseMetadata"}


@pytest.mark.parametrize(
    ("service", "operation", "arguments"),
    [
        ("kinesis", "describe_stream", {"StreamName": "in"}),
        ("lambda", "list_event_source_mappings", {}),
        ("lambda", "list_versions_by_function", {"FunctionName": "sum"}),
        ("lambda", "list_aliases", {"FunctionName": "sum"}),
        ("iam", "get_role_policy", {"RoleName": "role", "PolicyName": "everything"}),
        ("iam", "list_access_keys", {"UserName": "somebody"}),
        ("s3", "list_object_versions", {"Bucket": "kept"}),
        ("s3", "get_bucket_versioning", {"Bucket": "kept"}),
        ("ssm", "get_parameter", {"Name": "/a/b", "WithDecryption": True}),
        ("secretsmanager", "get_secret_value", {"SecretId": "secret"}),
        ("logs", "get_log_events", {"logGroupName": "/group", "logStreamName": "stream"}),
        ("cloudwatch", "list_metrics", {"Namespace": "own"}),
        ("ecr", "describe_repositories", {}),
        ("sns", "list_topics", {}),
        ("sqs", "list_queues", {}),
    ],
)
def test_what_was_made_is_described_as_before(
    first: Any, second: Any, service: str, operation: str, arguments: dict[str, Any]
) -> None:
    before, after = (getattr(each.client(service), operation)(**arguments) for each in (first, second))
    expected, found = (json.dumps(without_metadata(each), default=str, sort_keys=True) for each in (before, after))
    # URLs have the port at which a LocalStack is asked; a function is set up anew, which changes its revision.
    ports = (first.endpoint_url.rpartition(":")[2], second.endpoint_url.rpartition(":")[2])
    assert _comparable(found.replace(ports[1], ports[0])) == _comparable(expected)


def _comparable(text: str) -> Any:
    def cleaned(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: cleaned(each) for key, each in value.items() if key not in ("RevisionId", "nextForwardToken")}
        return [cleaned(each) for each in value] if isinstance(value, list) else value

    return cleaned(json.loads(text))


def test_objects_have_their_data(second: Any, made: dict[str, Any]) -> None:
    s3 = second.client("s3")
    found = [s3.get_object(Bucket="kept", Key="a", VersionId=one)["Body"].read() for one in made["versions"]]
    assert found == [b"old", b"new"]
    assert s3.get_object(Bucket="kept", Key="large")["Body"].read() == b"x" * 6 * 2**20 + b"y"
    # AND an upload goes on
    parts = {"Parts": [{"PartNumber": 1, "ETag": made["part"]}]}
    s3.complete_multipart_upload(Bucket="kept", Key="open", UploadId=made["upload"], MultipartUpload=parts)
    assert s3.get_object(Bucket="kept", Key="open")["Body"].read() == b"part"


def test_keys_queues_and_alarms_work(second: Any, made: dict[str, Any]) -> None:
    assert second.client("kms").decrypt(CiphertextBlob=made["sealed"])["Plaintext"] == b"sealed"
    sqs = second.client("sqs")
    queue = sqs.get_queue_url(QueueName="queue")["QueueUrl"]
    assert [one["Body"] for one in sqs.receive_message(QueueUrl=queue)["Messages"]] == ["message"]
    assert second.client("sns").publish(TopicArn=made["topic"], Message="m")["MessageId"]
    (alarm,) = second.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert (alarm["AlarmName"], alarm["Threshold"]) == ("alarm", 100)


def test_records_that_waited_are_answered_once_and_no_other_again(second: Any, pipeline: dict[str, str]) -> None:
    assert sorted(read_all(second, "in")) == list("abcdefghij")
    assert sorted(read_all(second, "out")) == list("abcde")
    second.client("lambda").update_event_source_mapping(UUID=pipeline["uuid"], Enabled=True)
    _until(lambda: len(read_all(second, "out")) >= 10)
    put(second, "in", "k")
    _until(lambda: "k" in read_all(second, "out"))
    assert sorted(read_all(second, "out")) == list("abcdefghijk")


def test_the_first_one_goes_on(first: Any, second: Any, pipeline: dict[str, str]) -> None:
    first.client("lambda").update_event_source_mapping(UUID=pipeline["uuid"], Enabled=True)
    _until(lambda: sorted(read_all(first, "out")) == list("abcdefghij"))


@pytest.mark.long_proof
def test_a_snapshot_of_a_snapshot_has_the_same(second: Any, start_localstack: Callable[..., Any]) -> None:
    third = start_localstack(**{VARIABLE: TOKEN})
    ask(third, "PUT", ask(second))
    assert sorted(read_all(third, "out")) == sorted(read_all(second, "out"))
    assert third.client("lambda").get_alias(FunctionName="sum", Name="live")["FunctionVersion"] == "1"


@pytest.mark.long_proof
def test_it_is_one_point_in_time_while_records_flow(first: Any, start_localstack: Callable[..., Any]) -> None:
    # GIVEN two writers, each of which puts its numbers one after the other WHEN a snapshot is made
    kinesis, stop = first.client("kinesis"), threading.Event()
    kinesis.create_stream(StreamName="flow", ShardCount=2)
    acknowledged: list[list[str]] = [[], []]

    def write(writer: int) -> None:
        for number in itertools.count():
            if stop.is_set():
                return
            put(first, "flow", f"{writer}-{number}")
            acknowledged[writer].append(f"{writer}-{number}")

    writers = [threading.Thread(target=write, args=(writer,), daemon=True) for writer in (0, 1)]
    for each in writers:
        each.start()
    _until(lambda: all(len(each) > 100 for each in acknowledged))
    before = [list(each) for each in acknowledged]
    snapshot = ask(first)
    _until(lambda: all(len(now) > len(then) + 50 for now, then in zip(acknowledged, before, strict=True)))
    stop.set()
    for each in writers:
        each.join(30)
    # THEN it has what was acknowledged before, and of each writer no number without those before it
    loaded = start_localstack(**{VARIABLE: TOKEN})
    ask(loaded, "PUT", snapshot)
    found = read_all(loaded, "flow")
    assert len(found) == len(set(found))
    for writer in (0, 1):
        own = sorted(int(each.partition("-")[2]) for each in found if each.startswith(f"{writer}-"))
        assert own == list(range(len(own)))
        assert len(before[writer]) <= len(own) <= len(acknowledged[writer])
    # AND nothing was lost where it was made
    assert sorted(read_all(first, "flow")) == sorted(acknowledged[0] + acknowledged[1])


@pytest.fixture(scope="module")
def empty(start_localstack: Callable[..., Any]) -> Any:
    """A LocalStack in which nothing was made."""
    return start_localstack(**{VARIABLE: TOKEN})


def test_without_the_token_there_is_none(empty: Any, localstack: Any) -> None:
    assert refusal(empty, token="another")[0] == 403
    assert refusal(empty, "PUT", b"", token="another")[0] == 403
    with pytest.raises(urllib.error.HTTPError, match=r"40[04]"):  # it was started without a token
        ask(localstack)


def test_a_snapshot_is_not_loaded_over_something_else(first: Any, snapshot: bytes) -> None:
    status, answer = refusal(first, "PUT", snapshot)
    assert status == 409
    assert "functions" in answer["message"]
    assert "streams" in answer["message"]


def test_one_of_another_version_is_refused_with_the_difference(empty: Any, snapshot: bytes) -> None:
    status, answer = refusal(empty, "PUT", repacked(snapshot, lambda manifest: manifest.update(_other(manifest))))
    assert status == 409
    assert "localstack-core 1.0, here 20" in answer["message"]


def _other(manifest: dict[str, Any]) -> dict[str, Any]:
    return {"versions": {**manifest["versions"], "localstack-core": "1.0"}}


def repacked(snapshot: bytes, change: Callable[[dict[str, Any]], None]) -> bytes:
    """Return a tar with the manifest alone, changed."""
    with tarfile.open(fileobj=io.BytesIO(snapshot)) as archive:
        entry = archive.extractfile("manifest.json")
        assert entry is not None
        manifest = json.loads(entry.read())
    change(manifest)
    data, target = json.dumps(manifest).encode(), io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        info = tarfile.TarInfo("manifest.json")
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
    return target.getvalue()


def test_a_damaged_one_is_refused(empty: Any, snapshot: bytes) -> None:
    for damaged in (b"", b"no archive", snapshot[: len(snapshot) // 2]):
        status, answer = refusal(empty, "PUT", damaged)
        assert status == 400
        assert "damaged" in answer["message"]


def test_no_entry_leads_out_of_the_folder(empty: Any, tmp_path: Any) -> None:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        info = tarfile.TarInfo(f"../../../../../../../../{tmp_path}/planted")
        archive.addfile(info, io.BytesIO())
    assert refusal(empty, "PUT", target.getvalue())[0] == 400
    assert not (tmp_path / "planted").exists()
