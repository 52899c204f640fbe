"""Each fault in a real LocalStack, as a client or a function sees it."""

import json
import re
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.local_only

WAITS = """
import time
def handler(event, context):
    time.sleep(event["seconds"])
    return "done"
"""


@pytest.fixture(scope="module")
def faulty(start_localstack: Callable[..., Any]) -> Any:
    """A LocalStack with fault injection."""
    return start_localstack(FAULTS="1")


def call(localstack: Any, method: str, document: Any = None) -> Any:
    """Sends one request to the API and returns the document in the response."""
    status, answer = ask(localstack, method, document)
    assert status == 200, answer
    return json.loads(answer)


def ask(localstack: Any, method: str, document: Any = None) -> tuple[int, bytes]:
    """Sends one request to the API and returns status and body."""
    body = None if document is None else json.dumps(document).encode()
    request = urllib.request.Request(f"{localstack.endpoint_url}/_pipeline/faults", body, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read()


def test_no_patch_is_reported_as_misfit(faulty: Any) -> None:
    """Here, because this LocalStack also has the patches of the faults."""
    assert [line for line in faulty.log().splitlines() if "The patch of" in line] == []


@pytest.fixture
def inject(faulty: Any) -> Iterator[Callable[..., None]]:
    """Injects faults until the end of the test."""
    yield lambda *rules: call(faulty, "PUT", {"rules": rules})
    call(faulty, "DELETE")


@pytest.fixture
def stream(faulty: Any, eventually: Callable[..., Any]) -> Iterator[str]:
    """A stream of one shard."""
    kinesis, name = faulty.client("kinesis"), f"stream-{uuid.uuid4().hex[:8]}"
    kinesis.create_stream(StreamName=name, ShardCount=1)
    eventually(
        lambda: (
            kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamStatus"] == "ACTIVE"
        ),
        "an active stream",
    )
    yield name
    kinesis.delete_stream(StreamName=name)


def held(kinesis: Any, stream: str) -> list[bytes]:
    """Returns the data of every record of the stream."""
    iterator = kinesis.get_shard_iterator(
        StreamName=stream, ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    return [record["Data"] for record in kinesis.get_records(ShardIterator=iterator)["Records"]]


def test_api_exists_only_if_enabled(localstack: Any) -> None:
    assert ask(localstack, "PUT", {"rules": []})[0] == 403  # S3's answer to an anonymous request


def test_invalid_document_is_refused_and_keeps_the_rules(faulty: Any, inject: Callable[..., None]) -> None:
    inject({"point": "s3:GetObject", "effect": "error"})
    status, answer = ask(faulty, "PUT", {"rules": [{"point": "s3:GetObject", "effect": "crash"}]})
    assert status == 400
    assert "has no effect 'crash'" in json.loads(answer)["message"]
    assert [rule["effect"] for rule in call(faulty, "GET")["rules"]] == ["error"]


def test_some_records_of_a_request_are_throttled_and_the_others_are_stored(
    faulty: Any, inject: Callable[..., None], stream: str
) -> None:
    kinesis = faulty.client("kinesis")
    inject({"point": "kinesis:PutRecords", "effect": "throttle-records", "share": 0.5, "resource": stream})
    answer = kinesis.put_records(
        StreamName=stream, Records=[{"Data": str(n).encode(), "PartitionKey": str(n)} for n in range(100)]
    )
    taken = [str(n).encode() for n, one in enumerate(answer["Records"]) if "SequenceNumber" in one]
    assert {one["ErrorCode"] for one in answer["Records"] if "ErrorCode" in one} == {
        "ProvisionedThroughputExceededException"
    }
    assert answer["FailedRecordCount"] == 100 - len(taken) > 0
    assert held(kinesis, stream) == taken
    assert call(faulty, "GET")["rules"][0]["struck"] == answer["FailedRecordCount"]


def test_request_with_a_lost_answer_has_put_the_records(faulty: Any, inject: Callable[..., None], stream: str) -> None:
    kinesis = faulty.client("kinesis")
    inject({"point": "kinesis:PutRecords", "effect": "lose-answer", "count": 1})
    with pytest.raises(ClientError) as error:
        kinesis.put_records(StreamName=stream, Records=[{"Data": b"x", "PartitionKey": "k"}])
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    assert held(kinesis, stream) == [b"x"]


def test_error_has_the_code_of_the_rule_and_the_operation_does_nothing(
    faulty: Any, inject: Callable[..., None]
) -> None:
    s3, bucket = faulty.client("s3", s3={"addressing_style": "path"}), f"bucket-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "ap-south-1"})
    rule = {"point": "s3:PutObject", "effect": "error", "code": "SlowDown", "status": 503, "resource": bucket}
    inject({**rule, "count": 1})
    with pytest.raises(ClientError) as error:
        s3.put_object(Bucket=bucket, Key="key", Body=b"x")
    assert error.value.response["Error"]["Code"] == "SlowDown"
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="key", Body=b"x")


@pytest.mark.variants
@pytest.mark.parametrize(
    ("effect", "expected", "in_log"),
    [
        ("crash", "Runtime exited with error: signal: killed", "Error Type: Runtime.ExitError"),
        ("out-of-memory", "Runtime exited with error: signal: killed", "Error Type: Runtime.ExitError"),
        ("timeout", "Task timed out after 10.00 seconds", "Status: timeout"),
    ],
)
def test_function_dies_during_an_event_and_answers_the_next(
    faulty: Any,
    inject: Callable[..., None],
    create_function: Callable[..., Any],
    effect: str,
    expected: str,
    in_log: str,
) -> None:
    function = create_function(WAITS, where=faulty)
    inject({"point": "lambda:Invoke", "effect": effect, "seconds": 0.3, "count": 1, "resource": function.name})
    failed = function.invoke({"seconds": 3})
    assert failed.error == "Unhandled"
    assert expected in failed.payload["errorMessage"]
    assert in_log in failed.log
    assert function.invoke({"seconds": 0}).payload == "done"
    logged = re.search(f"{function.name}.* used more than its 256 MB and was killed", faulty.log())
    assert bool(logged) == (effect == "out-of-memory")


def test_immediate_crash_belongs_to_its_event_and_counts_once(
    faulty: Any, inject: Callable[..., None], create_function: Callable[..., Any]
) -> None:
    function = create_function(WAITS, where=faulty)
    for _ in range(5):
        inject({"point": "lambda:Invoke", "effect": "crash", "resource": function.name, "content": '"seconds": 1'})
        assert function.invoke({"seconds": 1}).error == "Unhandled"
        assert [rule["struck"] for rule in call(faulty, "GET")["rules"]] == [1]
        assert function.invoke({"seconds": 0}).payload == "done"


def test_slow_function_takes_longer_and_answers(
    faulty: Any, inject: Callable[..., None], create_function: Callable[..., Any]
) -> None:
    function = create_function(WAITS, where=faulty)
    inject({"point": "lambda:Invoke", "effect": "slow", "seconds": 0.7, "resource": function.name})
    answer = function.invoke({"seconds": 0})
    assert answer.payload == "done"
    duration = float(answer.log.partition("Duration: ")[2].split()[0])
    assert duration >= 700


def test_mapping_delivers_again_after_throttling_or_a_lost_answer(
    faulty: Any,
    inject: Callable[..., None],
    create_function: Callable[..., Any],
    stream: str,
    eventually: Callable[..., Any],
    delete_mapping: Callable[..., None],
) -> None:
    """Reads and an Invoke are refused, an answer is lost: the record is delivered until it is acknowledged."""
    function = create_function("def handler(event, context): print('got', len(event['Records']))", where=faulty)
    kinesis = faulty.client("kinesis")
    throttled = "ProvisionedThroughputExceededException"
    inject(
        {"point": "kinesis:GetRecords", "effect": "error", "code": throttled, "status": 400, "count": 2},
        {"point": "lambda:Invoke", "effect": "error", "code": "TooManyRequestsException", "count": 1},
        {"point": "lambda:Invoke", "effect": "lose-answer", "count": 1},
    )
    mapping = faulty.client("lambda").create_event_source_mapping(
        FunctionName=function.name,
        EventSourceArn=kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]["StreamARN"],
        StartingPosition="TRIM_HORIZON",
    )
    kinesis.put_record(StreamName=stream, Data=b"x", PartitionKey="k")
    eventually(lambda: [e for e in function.log_events() if e == "got 1\n"] == ["got 1\n"] * 2, "delivered twice")
    assert [rule["struck"] for rule in call(faulty, "GET")["rules"]] == [2, 1, 1]
    delete_mapping(faulty.client("lambda"), mapping["UUID"])
