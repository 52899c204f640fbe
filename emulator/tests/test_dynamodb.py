"""DynamoDB by moto, and its streams: what AWS documents, and what LocalStack's authors recorded on AWS."""

import json
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.local_only


class Table:
    """A table with a stream."""

    def __init__(self, where: Any) -> None:
        """Create it."""
        self.client, self.streams = where.client("dynamodb"), where.client("dynamodbstreams")
        self.name = f"table-{uuid.uuid4().hex[:8]}"
        self.description = self.client.create_table(
            TableName=self.name,
            AttributeDefinitions=[{"AttributeName": "my_partition_key", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "my_partition_key", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        )["TableDescription"]

    def put(self, **attributes: Any) -> None:
        """Put the item."""
        self.client.put_item(TableName=self.name, Item={**KEY, **attributes})

    def update(self, expression: str, **values: Any) -> Any:
        """Update the item."""
        named = {f":{name}": value for name, value in values.items()}
        return self.client.update_item(
            TableName=self.name, Key=KEY, UpdateExpression=expression, ExpressionAttributeValues=named
        )

    def shard(self) -> dict[str, Any]:
        """Return the parameters of requests for the stream's only shard."""
        arn = self.description["LatestStreamArn"]
        [shard] = self.streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
        return {"StreamArn": arn, "ShardId": shard["ShardId"]}

    def records(self) -> list[Any]:
        """Return the records of the stream."""
        start = {**self.shard(), "ShardIteratorType": "TRIM_HORIZON"}
        iterator = self.streams.get_shard_iterator(**start)["ShardIterator"]
        records: list[Any] = self.streams.get_records(ShardIterator=iterator)["Records"]
        return records

    def changes(self) -> list[tuple[str, Any, Any]]:
        """Return the name and both images of each record, without the key."""
        images = [
            (one["eventName"], one["dynamodb"].get("OldImage"), one["dynamodb"].get("NewImage"))
            for one in self.records()
        ]
        return [(name, without_key(old), without_key(new)) for name, old, new in images]


KEY = {"my_partition_key": {"S": "hello world"}}


def without_key(image: Any) -> Any:
    """Return an image without the item's key."""
    return None if image is None else {name: value for name, value in image.items() if name not in KEY}


@pytest.fixture
def table(localstack: Any) -> Any:
    return Table(localstack)


def test_records_of_a_table_are_as_on_aws(table: Table, localstack: Any) -> None:
    """https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_Record.html"""
    made = table.description
    assert made["TableStatus"] == "CREATING"
    assert made["TableId"]
    assert not made.keys() & {"GlobalSecondaryIndexes", "LocalSecondaryIndexes"}
    table.put(binary_key={"B": b"foobar"})

    [record] = table.records()
    change = record["dynamodb"]
    item = {**KEY, "binary_key": {"B": b"foobar"}}
    assert (record["eventName"], change["Keys"], change["NewImage"], change["SizeBytes"]) == ("INSERT", KEY, item, 70)
    assert "OldImage" not in change
    assert (record["eventVersion"], record["awsRegion"]) == ("1.1", localstack.client("dynamodb").meta.region_name)
    assert change["ApproximateCreationDateTime"].microsecond == 0


def test_values_of_every_type_are_in_a_record(table: Table) -> None:
    values = {"M": {"a": {"L": [{"B": b"x"}, {"N": "1"}, {"NULL": True}]}, "b": {"M": {"c": {"BS": [b"y"]}}}}}
    table.put(nested=values, sets={"SS": ["a"]}, yes={"BOOL": True})
    assert table.changes() == [("INSERT", None, {"nested": values, "sets": {"SS": ["a"]}, "yes": {"BOOL": True}})]


def test_an_update_that_creates_an_item_has_one_record(table: Table) -> None:
    """INSERT, "a new item was added to the table", with the item "as it appeared after it was modified".

    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_StreamRecord.html
    """
    table.update("SET a = :a ADD n :one", a={"S": "x"}, one={"N": "1"})
    table.update("ADD n :one", one={"N": "1"})
    first, second = {"a": {"S": "x"}, "n": {"N": "1"}}, {"a": {"S": "x"}, "n": {"N": "2"}}
    assert table.changes() == [("INSERT", None, first), ("MODIFY", first, second)]
    numbers = [int(record["dynamodb"]["SequenceNumber"]) for record in table.records()]
    assert numbers[0] < numbers[1]


def test_a_write_that_changes_nothing_has_no_record(table: Table) -> None:
    """A PutItem or UpdateItem that does not change any data in an item has no stream record.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html
    """
    table.put(n={"N": "1"}, names={"SS": ["a", "b"]})
    table.put(n={"N": "1.0"}, names={"SS": ["b", "a"]})
    table.update("SET n = :one", one={"N": "1"})
    table.client.delete_item(TableName=table.name, Key={"my_partition_key": {"S": "none"}})
    assert [name for name, _, _ in table.changes()] == ["INSERT"]


def test_a_removed_item_has_only_an_old_image(table: Table) -> None:
    """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html: "If an item is deleted"."""
    table.put(a={"S": "x"})
    table.client.delete_item(TableName=table.name, Key=KEY)
    table.put()
    assert table.changes()[1:] == [("REMOVE", {"a": {"S": "x"}}, None), ("INSERT", None, {})]


def test_a_stream_can_be_disabled_and_another_enabled(table: Table) -> None:
    """Enabling again makes a new stream "with a different stream descriptor"; the old one is DISABLED.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html ("Enabling a stream")
    """

    def switch(**specification: Any) -> Any:
        return table.client.update_table(TableName=table.name, StreamSpecification=specification)["TableDescription"]

    table.put(a={"S": "x"})
    first = table.description["LatestStreamArn"]
    disabled = switch(StreamEnabled=False)
    assert (disabled["LatestStreamArn"], disabled.get("StreamSpecification")) == (first, None)
    table.put(a={"S": "y"})
    assert table.streams.describe_stream(StreamArn=first)["StreamDescription"]["StreamStatus"] == "DISABLED"
    assert len(table.records()) == 1
    table.description = switch(StreamEnabled=True, StreamViewType="NEW_IMAGE")
    assert table.description["LatestStreamArn"] != first
    table.put(a={"S": "z"})
    assert table.changes() == [("MODIFY", None, {"a": {"S": "z"}})]


def test_concurrent_updates_are_all_counted(table: Table) -> None:
    """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/WorkingWithItems.html ("Atomic counters")."""
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: table.update("ADD n :one", one={"N": "1"}), range(80)))
    assert [new["n"]["N"] for _, _, new in table.changes()] == [str(count + 1) for count in range(80)]


def test_a_cancelled_transaction_has_no_records(table: Table) -> None:
    """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html"""
    table.put(a={"S": "x"})
    latest = {**table.shard(), "ShardIteratorType": "LATEST"}
    iterator = table.streams.get_shard_iterator(**latest)["ShardIterator"]
    writes: list[Any] = [
        {"Put": {"TableName": table.name, "Item": {"my_partition_key": {"S": "other"}}}},
        {"Put": {"TableName": table.name, "Item": KEY, "ConditionExpression": "attribute_not_exists(a)"}},
    ]
    with pytest.raises(ClientError, match="TransactionCanceledException"):
        table.client.transact_write_items(TransactItems=writes)
    assert len(table.changes()) == 1
    table.put(a={"S": "y"})
    [record] = table.streams.get_records(ShardIterator=iterator)["Records"]
    assert record["eventName"] == "MODIFY"


@pytest.fixture
def captured(table: Table, localstack: Any) -> Any:
    """A table whose changes go to a stream, with a function that returns its records."""
    kinesis, name = localstack.client("kinesis"), f"changes-{table.name}"
    kinesis.create_stream(StreamName=name, ShardCount=2)
    kinesis.get_waiter("stream_exists").wait(StreamName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30})
    arn = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]

    def records(count: int) -> list[Any]:
        end = time.monotonic() + 20
        while True:
            found = []
            for shard in kinesis.list_shards(StreamName=name)["Shards"]:
                start = {"StreamName": name, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
                iterator = kinesis.get_shard_iterator(**start)["ShardIterator"]
                found += kinesis.get_records(ShardIterator=iterator)["Records"]
            if len(found) >= count or time.monotonic() > end:
                return found
            time.sleep(0.1)

    yield arn, records
    kinesis.delete_stream(StreamName=name)


def test_a_stream_gets_the_changes_of_a_table(localstack: Any, captured: Any) -> None:
    """In the form that https://github.com/widmogrod/software-architecture-playground found in its stream, on AWS."""
    arn, records = captured
    client, name = localstack.client("dynamodb"), f"plain-{uuid.uuid4().hex[:8]}"
    client.create_table(  # without a stream of its own
        TableName=name, BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("entity", "id")],
        KeySchema=[{"AttributeName": "entity", "KeyType": "HASH"}, {"AttributeName": "id", "KeyType": "RANGE"}],
    )  # fmt: skip
    answer = client.enable_kinesis_streaming_destination(TableName=name, StreamArn=arn)
    assert answer["DestinationStatus"] == "ENABLING"
    keys = {"entity": {"S": "question"}, "id": {"S": "question#1"}}
    client.put_item(TableName=name, Item={**keys, "content": {"S": "Napoleon?"}})
    client.put_item(TableName=name, Item={**keys, "content": {"S": "Napoleon? 2"}})
    client.put_item(TableName=name, Item={**keys, "content": {"S": "Napoleon? 2"}})  # changes nothing
    client.delete_item(TableName=name, Key=keys)
    found = records(3)
    assert len({record["PartitionKey"] for record in found}) == 1, "the changes of an item stay in order"
    inserted, modified, removed = (json.loads(record["Data"]) for record in found)
    assert abs(inserted["dynamodb"].pop("ApproximateCreationDateTime") / 1000 - time.time()) < 60
    assert str(uuid.UUID(inserted.pop("eventID")))
    assert inserted == {
        "awsRegion": client.meta.region_name, "eventName": "INSERT", "userIdentity": None,
        "recordFormat": "application/json", "tableName": name, "eventSource": "aws:dynamodb",
        "dynamodb": {"Keys": keys, "NewImage": {**keys, "content": {"S": "Napoleon?"}}, "SizeBytes": 68},
    }  # fmt: skip
    assert (modified["eventName"], modified["dynamodb"]["SizeBytes"]) == ("MODIFY", 112)
    assert modified["dynamodb"]["OldImage"]["content"] == {"S": "Napoleon?"}
    assert (removed["eventName"], "NewImage" in removed["dynamodb"]) == ("REMOVE", False)


def test_a_stream_gets_what_a_request_has_done_and_nothing_else(table: Table, captured: Any) -> None:
    arn, records = captured
    precise = {"ApproximateCreationDateTimePrecision": "MICROSECOND"}
    table.client.enable_kinesis_streaming_destination(
        TableName=table.name, StreamArn=arn, EnableKinesisStreamingConfiguration=precise
    )
    # WHEN an update creates an item, and a transaction fails
    table.update("SET a = :a, b = :b", a={"N": "1"}, b={"B": b"foobar"})
    put = {"Put": {"TableName": table.name, "Item": {"my_partition_key": {"S": "other"}}}}
    check = {"ConditionCheck": {"TableName": table.name, "Key": KEY, "ConditionExpression": "attribute_not_exists(a)"}}
    with pytest.raises(table.client.exceptions.TransactionCanceledException):
        table.client.transact_write_items(TransactItems=[put, check])
    table.client.disable_kinesis_streaming_destination(TableName=table.name, StreamArn=arn)
    table.put(late={"BOOL": True})
    # THEN one record came, with the time in microseconds, as https://github.com/crate/commons-codec has it
    [record] = records(1)
    content = json.loads(record["Data"])
    assert (content["eventName"], content["dynamodb"]["ApproximateCreationDateTimePrecision"]) == (
        "INSERT",
        "MICROSECOND",
    )
    assert content["dynamodb"]["NewImage"] == {**KEY, "a": {"N": "1"}, "b": {"B": "Zm9vYmFy"}}
    assert abs(content["dynamodb"]["ApproximateCreationDateTime"] / 1_000_000 - time.time()) < 60
    time.sleep(1)
    assert len(records(1)) == 1


def test_streaming_destinations_are_as_recorded_on_aws(table: Table, captured: Any) -> None:
    """By LocalStack's authors: tests/aws/services/dynamodb/test_dynamodb.snapshot.json."""
    client, (arn, _) = table.client, captured
    where = {"TableName": table.name, "StreamArn": arn}

    def refused(call: Any, **request: Any) -> str:
        with pytest.raises(ClientError) as caught:
            call(**request)
        return str(caught.value)

    enable, update = client.enable_kinesis_streaming_destination, client.update_kinesis_streaming_destination
    assert "Table: bad-table not found" in refused(enable, TableName="bad-table", StreamArn=arn)
    assert "User does not have a permission" in refused(enable, TableName=table.name, StreamArn=f"{arn}-missing")
    assert enable(**where)["EnableKinesisStreamingConfiguration"] == {}
    assert "must be DISABLED or ENABLE_FAILED" in refused(enable, **where)
    listed = {"StreamArn": arn, "DestinationStatus": "ACTIVE"}
    assert client.describe_kinesis_streaming_destination(TableName=table.name)["KinesisDataStreamDestinations"] == [
        listed
    ]
    assert "cannot be null or contain only null values" in refused(update, **where)
    precise = {"UpdateKinesisStreamingConfiguration": {"ApproximateCreationDateTimePrecision": "MICROSECOND"}}
    assert "No streaming destination with streamArn" in refused(
        update, **{**where, "StreamArn": f"{arn}-bad"}, **precise
    )
    assert update(**where, **precise)["DestinationStatus"] == "UPDATING"
    table_id = table.description["TableId"]
    assert f"already set to the desired value of MICROSECOND for tableId: {table_id}" in refused(
        update, **where, **precise
    )
    assert client.disable_kinesis_streaming_destination(**where)["DestinationStatus"] == "DISABLING"
    assert "must be ACTIVE" in refused(client.disable_kinesis_streaming_destination, **where)
    assert client.describe_table(TableName=table.name)["Table"]["StreamSpecification"]["StreamEnabled"]


def test_settings_that_moto_drops_are_described(localstack: Any) -> None:
    """https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TableDescription.html

    Of the capacity of a table on demand, API_ProvisionedThroughput there says that it is 0.
    """
    client, name = localstack.client("dynamodb"), f"table-{uuid.uuid4().hex[:8]}"
    capacity = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
    index: Any = {
        "IndexName": "by_store", "KeySchema": [{"AttributeName": "store", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"}, "ProvisionedThroughput": capacity,
    }  # fmt: skip
    client.create_table(
        TableName=name, KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}], TableClass="STANDARD_INFREQUENT_ACCESS",
        AttributeDefinitions=[{"AttributeName": one, "AttributeType": "S"} for one in ("id", "store")],
        ProvisionedThroughput=capacity, GlobalSecondaryIndexes=[index],
    )  # fmt: skip

    def described() -> Any:
        return client.describe_table(TableName=name)["Table"]

    assert described()["TableClassSummary"]["TableClass"] == "STANDARD_INFREQUENT_ACCESS"
    assert described()["ProvisionedThroughput"]["ReadCapacityUnits"] == 5
    limits = {"MaxReadRequestUnits": 10, "MaxWriteRequestUnits": 20}
    client.update_table(TableName=name, BillingMode="PAY_PER_REQUEST", OnDemandThroughput=limits)
    assert described()["OnDemandThroughput"] == limits
    for one in (described(), *described()["GlobalSecondaryIndexes"]):
        assert one["ProvisionedThroughput"] == {
            "ReadCapacityUnits": 0, "WriteCapacityUnits": 0, "NumberOfDecreasesToday": 0
        }  # fmt: skip
    key = localstack.client("kms").create_key()["KeyMetadata"]["Arn"]
    for encryption, expected in (({"Enabled": True, "KMSMasterKeyId": key}, key), ({"Enabled": False}, None)):
        client.update_table(TableName=name, SSESpecification=encryption)
        assert described().get("SSEDescription", {}).get("KMSMasterKeyArn") == expected
    client.update_table(TableName=name, TableClass="STANDARD")
    assert described()["TableClassSummary"]["TableClass"] == "STANDARD"
    client.update_table(TableName=name, BillingMode="PROVISIONED", ProvisionedThroughput=capacity)
    assert "OnDemandThroughput" not in described()
    client.update_table(TableName=name, GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by_store"}}])
    assert [one["AttributeName"] for one in described()["AttributeDefinitions"]] == ["id"]
    client.delete_table(TableName=name)
