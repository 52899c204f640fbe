"""DynamoDB by moto, and its streams: what LocalStack's authors recorded on AWS for a table like this."""

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.local_only


def test_records_of_a_table_are_as_on_aws(start_localstack: Callable[..., Any]) -> None:
    """https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_StreamRecord.html"""
    where = start_localstack()
    tables, streams = where.client("dynamodb"), where.client("dynamodbstreams")
    made = tables.create_table(
        TableName="items",
        AttributeDefinitions=[{"AttributeName": "my_partition_key", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "my_partition_key", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )["TableDescription"]
    assert made["TableStatus"] == "CREATING"
    assert made["TableId"]
    assert not made.keys() & {"GlobalSecondaryIndexes", "LocalSecondaryIndexes"}
    item = {"my_partition_key": {"S": "hello world"}, "binary_key": {"B": b"foobar"}}
    tables.put_item(TableName="items", Item=item)

    arn = made["LatestStreamArn"]
    [shard] = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")[
        "ShardIterator"
    ]
    [record] = streams.get_records(ShardIterator=iterator)["Records"]
    change = record["dynamodb"]
    assert (record["eventName"], change["NewImage"], change["SizeBytes"]) == ("INSERT", item, 70)
    assert "OldImage" not in change
