"""DynamoDB by moto, and its streams: what AWS documents, and what LocalStack's authors recorded on AWS."""

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
