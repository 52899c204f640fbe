"""Failures through a real LocalStack: retries, splits, partial responses, ages and destinations."""

import json
import re
from typing import Any

import pytest

pytestmark = pytest.mark.local_only


def to_bucket(scene: Any) -> dict[str, object]:
    """Settings that send failure records to the scene's bucket."""
    return {"OnFailure": {"Destination": scene.bucket_arn}}


def test_bisect_isolates_exactly_one_poison_record(scene: Any) -> None:
    scene.create_stream()
    items = [{"id": n} | ({"do": "fail"} if n == 6 else {}) for n in range(10)]
    sequence_numbers = scene.put(*items)
    mapping = scene.map(
        BisectBatchOnFunctionError=True, MaximumRetryAttempts=1, DestinationConfig=to_bucket(scene), BatchSize=10
    )
    scene.eventually(scene.failures, "a failure record")
    scene.await_ids(set(range(10)))
    [record] = scene.failures()
    key, payload = record.pop("key"), record.pop("payload")
    assert isinstance(payload, str)
    [event] = json.loads(payload)["Records"]
    assert event["kinesis"]["sequenceNumber"] == sequence_numbers[6]
    arrival = record["KinesisBatchInfo"].pop("approximateArrivalOfFirstRecord")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", arrival)
    assert record["KinesisBatchInfo"].pop("approximateArrivalOfLastRecord") == arrival
    assert record["KinesisBatchInfo"] == {
        "shardId": "shardId-000000000000",
        "startSequenceNumber": sequence_numbers[6],
        "endSequenceNumber": sequence_numbers[6],
        "batchSize": 1,
        "streamArn": scene.stream_arn,
    }
    assert re.fullmatch(r"[0-9a-f-]{36}", record["requestContext"].pop("requestId"))
    assert record["requestContext"] == {
        "functionArn": scene.mapping(mapping)["FunctionArn"],
        "condition": "RetryAttemptsExhausted",
        "approximateInvokeCount": 2,
    }
    assert record["responseContext"] == {
        "statusCode": 200,
        "executedVersion": "$LATEST",
        "functionError": "Unhandled",
    }
    assert record["version"] == "1.0"
    name = r"(\d{4})/(\d\d)/(\d\d)/\1-\2-\3T\d\d\.\d\d\.\d\d-[0-9a-f-]{36}"
    assert re.fullmatch(f"aws/lambda/{mapping}/shardId-000000000000/{name}", key)
    succeeded = {i for entry in scene.invocations() if "ended" in entry for i in entry["ids"]}
    assert succeeded == set(range(10)) - {6}


def test_without_bisect_the_whole_batch_is_discarded_after_exactly_its_retries(scene: Any) -> None:
    scene.create_stream()
    scene.put(1, {"id": 2, "do": "fail"}, 3)
    mapping = scene.map(MaximumRetryAttempts=2, DestinationConfig=to_bucket(scene))
    scene.eventually(scene.failures, "a failure record")
    assert scene.mapping(mapping)["LastProcessingResult"] == "PROBLEM: Function call failed"
    scene.put(4)
    scene.await_ids({4})
    assert scene.ids() == [[1, 2, 3]] * 3 + [[4]]
    [record] = scene.failures()
    assert record["requestContext"]["approximateInvokeCount"] == 3
    assert scene.failed_ids() == [1, 2, 3]
    scene.eventually(lambda: scene.mapping(mapping)["LastProcessingResult"] == "OK", "OK")


def test_zero_retries_invoke_once(scene: Any) -> None:
    scene.create_stream()
    scene.put({"id": 1, "do": "fail"})
    scene.map(MaximumRetryAttempts=0)
    scene.put(2)
    assert scene.await_ids({2}) in ([[1], [2]], [[1, 2], [2]])


def test_endless_retries_on_one_shard_do_not_hold_up_the_other(scene: Any) -> None:
    scene.create_stream(shards=2)
    scene.put({"id": "poison", "do": "fail"}, shard=0)
    scene.map(BatchSize=10)
    scene.eventually(lambda: len(scene.ids()) > 2, "retries of the poison")
    scene.put(*range(100), shard=1)
    scene.await_ids(set(range(100)))
    assert ["poison"] in scene.ids()[-20:]


def test_partial_failures_are_retried_from_the_lowest(scene: Any) -> None:
    scene.create_stream()
    items = [{"id": n} | ({"do": "report"} if n in (3, 5) else {}) for n in range(8)]
    scene.put(*items)
    scene.map(
        FunctionResponseTypes=["ReportBatchItemFailures"],
        MaximumRetryAttempts=1,
        DestinationConfig=to_bucket(scene),
    )
    scene.eventually(scene.failures, "a failure record")
    assert scene.ids() == [list(range(8)), [3, 4, 5, 6, 7]]
    assert scene.failed_ids() == [3, 4, 5, 6, 7]
    assert scene.failures()[0]["responseContext"]["functionError"] is None


def test_partial_failures_with_bisect_isolate_the_reported_records(scene: Any) -> None:
    scene.create_stream()
    items = [{"id": n} | ({"do": "report"} if n in (3, 5) else {}) for n in range(8)]
    scene.put(*items)
    scene.map(
        FunctionResponseTypes=["ReportBatchItemFailures"],
        BisectBatchOnFunctionError=True,
        MaximumRetryAttempts=0,
        DestinationConfig=to_bucket(scene),
    )
    scene.eventually(lambda: len(scene.failures()) == 2, "two failure records")
    scene.put(8)
    scene.await_ids({8})
    assert sorted(scene.failed_ids()) == [3, 5]


def test_malformed_partial_response_fails_the_whole_batch(scene: Any) -> None:
    scene.create_stream()
    bad = {"batchItemFailures": [{"itemIdentifier": ""}]}
    scene.put(1, {"id": 2, "do": "respond", "response": bad})
    scene.map(
        FunctionResponseTypes=["ReportBatchItemFailures"], MaximumRetryAttempts=1, DestinationConfig=to_bucket(scene)
    )
    scene.eventually(scene.failures, "a failure record")
    assert scene.ids() == [[1, 2], [1, 2]]


def test_records_over_the_maximum_age_are_discarded(scene: Any) -> None:
    scene.create_stream()
    scene.put({"id": 1, "do": "fail"})
    scene.map(MaximumRecordAgeInSeconds=2, DestinationConfig=to_bucket(scene))
    scene.eventually(scene.failures, "a failure record")
    [record] = scene.failures()
    assert record["requestContext"]["condition"] == "RecordAgeExceeded"
    assert record["requestContext"]["approximateInvokeCount"] == len(scene.ids()) > 1
    assert scene.failed_ids() == [1]
    scene.put(2)
    scene.await_ids({2})


def test_poison_key_holds_up_only_its_own_lane(scene: Any) -> None:
    scene.create_stream()
    scene.put({"id": "poison", "key": "k0", "do": "fail"}, {"id": "behind", "key": "k0"})
    scene.map(ParallelizationFactor=10, BatchSize=1)
    scene.put(*[{"id": n, "key": f"other-{n}"} for n in range(20)])
    scene.eventually(
        lambda: len({i for b in scene.ids() for i in b if isinstance(i, int)}) >= 15, "the other lanes' records"
    )
    assert ["behind"] not in scene.ids()


def test_throttled_invocations_wait_without_using_up_retries(own_scene: Any) -> None:
    own_scene.create_stream()
    own_scene.awslambda.put_function_concurrency(FunctionName=own_scene.function_name, ReservedConcurrentExecutions=0)
    own_scene.put(1)
    mapping = own_scene.map(MaximumRetryAttempts=0, DestinationConfig=to_bucket(own_scene))
    own_scene.eventually(
        lambda: own_scene.mapping(mapping)["LastProcessingResult"] == "PROBLEM: Function call failed", "throttling"
    )
    own_scene.awslambda.delete_function_concurrency(FunctionName=own_scene.function_name)
    assert own_scene.await_ids({1}) == [[1]]
    assert own_scene.failures() == []


def test_queue_destination_gets_the_metadata(scene: Any) -> None:
    scene.create_stream()
    url = scene.sqs.create_queue(QueueName=scene.stream)["QueueUrl"]
    arn = scene.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    scene.put({"id": 1, "do": "fail"})
    scene.map(MaximumRetryAttempts=0, DestinationConfig={"OnFailure": {"Destination": arn}})
    messages = scene.eventually(lambda: scene.sqs.receive_message(QueueUrl=url).get("Messages"), "a message")
    body = json.loads(messages[0]["Body"])
    assert body["KinesisBatchInfo"]["batchSize"] == 1
    assert "payload" not in body


def test_transient_failure_is_retried_until_it_succeeds(scene: Any) -> None:
    scene.create_stream()
    scene.put({"id": 1, "do": "fail", "times": 3}, 2)
    mapping = scene.map()
    scene.eventually(lambda: scene.mapping(mapping)["LastProcessingResult"] == "OK", "OK")
    assert scene.ids() == [[1, 2]] * 4
