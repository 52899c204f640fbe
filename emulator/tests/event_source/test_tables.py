"""Mappings of tables' streams, in a real LocalStack: the rules are those of Kinesis streams."""

import json
from typing import Any

import pytest

pytestmark = pytest.mark.local_only

# Reports whole events.
REPORTER = """
    import json, os, urllib.request

    def handler(event, context):
        urllib.request.urlopen(os.environ["JOURNAL_URL"], data=json.dumps([event]).encode()).close()
        return {"state": {"seen": len(event["Records"])}}
"""


def test_the_event_of_a_table(create_mapped_table: Any) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html ("Example event")."""
    mapped = create_mapped_table(REPORTER)
    item = {"id": {"S": "1"}, "data": {"B": b"foobar"}, "more": {"M": {"data": {"L": [{"B": b"x"}, {"BS": [b"y"]}]}}}}
    mapped.kinesis.put_item(TableName=mapped.stream, Item=item)
    mapped.map()
    mapped.await_reports(1)
    [[event]] = mapped.batches()
    [record] = event.pop("Records")
    assert event == {}
    change = record.pop("dynamodb")
    assert len(record.pop("eventID")) == 32
    assert record == {
        "eventName": "INSERT",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": mapped.summary()["StreamARN"].split(":")[3],
        "eventSourceARN": mapped.summary()["StreamARN"],
    }
    assert float(change.pop("ApproximateCreationDateTime")).is_integer()
    assert change.pop("SequenceNumber").isdecimal()
    assert change.pop("SizeBytes") > 0
    assert change == {
        "Keys": {"id": {"S": "1"}},
        "NewImage": {
            "id": {"S": "1"},
            "data": {"B": "Zm9vYmFy"},
            "more": {"M": {"data": {"L": [{"B": "eA=="}, {"BS": ["eQ=="]}]}}},
        },
        "StreamViewType": "NEW_AND_OLD_IMAGES",
    }


@pytest.mark.parametrize(("start", "expected"), [("LATEST", ["2", "3", "4"]), ("TRIM_HORIZON", ["1", "2", "3", "4"])])
def test_an_update_keeps_the_position(create_mapped_table: Any, start: str, expected: list[str]) -> None:
    """StartingPosition applies once: https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html."""
    mapped = create_mapped_table()
    mapped.put(1)
    mapping = mapped.map(StartingPosition=start)
    mapped.update(mapping, state="Disabled", Enabled=False)
    mapped.put(2)
    mapped.update(mapping, Enabled=True)
    mapped.await_ids({"2"})
    mapped.update(mapping, BatchSize=5)
    mapped.put(3)
    mapped.await_ids({"3"})
    mapped.update(mapping, state="Disabled", Enabled=False)
    mapped.put(4)
    mapped.update(mapping, Enabled=True)
    mapped.await_ids(set(expected))
    assert mapped.delivered() == expected


def test_a_poison_item_is_isolated_and_recorded(
    localstack: Any, create_mapped_table: Any, create_bucket: Any, event_counts: Any
) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html: the record of a failure.

    In a bucket it has `payload`, "the original invocation record as an escaped JSON string".
    """
    mapped, bucket, s3 = create_mapped_table(), create_bucket(), localstack.client("s3")
    mapped.put(1, {"id": 2, "do": "fail"}, 3)
    mapping = mapped.map(
        BisectBatchOnFunctionError=True,
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": f"arn:aws:s3:::{bucket}"}},
        MetricsConfig={"Metrics": ["EventCount"]},
    )
    mapped.eventually(lambda: mapped.batches()[-1:] == [["3"]], "the last part")
    assert mapped.batches()[:2] == [["1", "2", "3"], ["1"]]
    [stored] = s3.list_objects_v2(Bucket=bucket)["Contents"]
    failure = json.loads(s3.get_object(Bucket=bucket, Key=stored["Key"])["Body"].read())
    [record] = json.loads(failure["payload"])["Records"]
    number = record["dynamodb"]["SequenceNumber"]
    batch = failure["DDBStreamBatchInfo"]
    assert failure["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert record["dynamodb"]["Keys"] == {"id": {"S": "2"}}
    arrival = batch["approximateArrivalOfFirstRecord"]
    assert len(arrival) == len("2019-11-14T00:13:19Z")
    assert batch == {
        "shardId": stored["Key"].split("/")[3],
        "startSequenceNumber": number,
        "endSequenceNumber": number,
        "approximateArrivalOfFirstRecord": arrival,
        "approximateArrivalOfLastRecord": arrival,
        "batchSize": 1,
        "streamArn": mapped.summary()["StreamARN"],
    }
    mapped.eventually(lambda: event_counts(mapping).get("OnFailureDestinationDeliveredEventCount") == 1, "the metrics")
    assert event_counts(mapping)["PolledEventCount"] == 3


def test_the_last_result_is_that_of_the_last_batch(create_mapped_table: Any) -> None:
    """https://docs.aws.amazon.com/lambda/latest/api/API_EventSourceMappingConfiguration.html, LastProcessingResult."""
    mapped = create_mapped_table()
    mapping = mapped.map(MaximumRetryAttempts=0)

    def await_result(expected: str) -> None:
        mapped.eventually(
            lambda: mapped.functions.get_event_source_mapping(UUID=mapping)["LastProcessingResult"] == expected,
            expected,
        )

    await_result("No records processed")
    mapped.put(1)
    await_result("OK")
    mapped.put({"id": 2, "do": "fail"})
    await_result("PROBLEM: Function call failed")


@pytest.mark.long_proof
def test_a_poison_item_is_given_up_at_the_maximum_age(create_mapped_table: Any, event_counts: Any) -> None:
    """MaximumRecordAgeInSeconds: https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html."""
    mapped = create_mapped_table()
    mapped.put({"id": 1, "do": "fail"}, 2)
    mapping = mapped.map(BatchSize=1, MaximumRecordAgeInSeconds=60, MetricsConfig={"Metrics": ["EventCount"]})
    mapped.eventually(lambda: event_counts(mapping).get("DroppedEventCount"), "the item is given up", 90)
    assert mapped.delivered().count("1") > 2


def test_a_poison_item_holds_up_only_its_lane(create_mapped_table: Any) -> None:
    """ParallelizationFactor: https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html."""
    mapped = create_mapped_table()
    mapped.put({"id": "poison", "do": "fail"}, *range(8))
    mapped.map(ParallelizationFactor=4, BatchSize=1)
    mapped.eventually(lambda: len({*mapped.delivered()} - {"poison"}) >= 4, "the other lanes", 30)


def test_windows_carry_their_state(create_mapped_table: Any) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-windows.html."""
    mapped = create_mapped_table(REPORTER)
    mapped.map(TumblingWindowInSeconds=1)
    mapped.put(1)
    mapped.await_reports(2)
    [first], [last] = mapped.batches()[:2]
    assert first["eventSourceARN"] == mapped.summary()["StreamARN"]
    assert (first["isFinalInvokeForWindow"], first["state"]) == (False, {})
    assert (last["isFinalInvokeForWindow"], last["state"], last["Records"]) == (True, {"seen": 1}, [])


def test_patterns_apply_to_the_whole_record(create_mapped_table: Any) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/with-ddb-filtering.html."""
    mapped = create_mapped_table()
    pattern = {"eventName": ["INSERT"], "dynamodb": {"NewImage": {"keep": {"S": ["yes"]}}}}
    mapped.map(FilterCriteria={"Filters": [{"Pattern": json.dumps(pattern)}]})
    mapped.put({"id": 1, "keep": "no"}, {"id": 1, "keep": "yes"}, {"id": 2, "keep": "yes"})
    mapped.await_ids({"2"})
    assert mapped.delivered() == ["2"]
