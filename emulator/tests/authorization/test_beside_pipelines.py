"""Policies decide about the tables, delivery streams and parameters that functions use besides."""

import uuid
from typing import Any

import pytest

pytestmark = pytest.mark.local_only

PLACE = "ap-south-1:000000000000"


@pytest.fixture(scope="module")
def name(localstack: Any) -> str:
    """The name of a table, a delivery stream and a parameter, which are there twice: as `…` and as `…-secret`."""
    made = f"r-{uuid.uuid4().hex[:8]}"
    for each in (made, f"{made}-secret"):
        localstack.client("dynamodb").create_table(
            TableName=each,
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        localstack.client("ssm").put_parameter(Name=f"/{each}/key", Value="v", Type="String")
    return made


def test_tables(name: str, make_user: Any, refusal: Any) -> None:
    user = make_user({"Action": "dynamodb:*", "Resource": f"arn:aws:dynamodb:{PLACE}:table/{name}"})
    tables, item = user.client("dynamodb"), {"id": {"S": "1"}}
    tables.put_item(TableName=name, Item=item)
    tables.transact_write_items(TransactItems=[{"Put": {"TableName": name, "Item": item}}])
    assert tables.get_item(TableName=name, Key=item)["Item"] == item
    secret = f"{name}-secret"
    for operation, request in (
        (tables.put_item, {"TableName": secret, "Item": item}),
        (tables.get_item, {"TableName": f"arn:aws:dynamodb:{PLACE}:table/{secret}", "Key": item}),
        (tables.batch_get_item, {"RequestItems": {name: {"Keys": [item]}, secret: {"Keys": [item]}}}),
        (tables.transact_write_items, {"TransactItems": [{"Put": {"TableName": secret, "Item": item}}]}),
        (tables.execute_statement, {"Statement": f'SELECT * FROM "{name}"'}),
        (tables.list_tables, {}),
    ):
        code, _ = refusal(lambda operation=operation, request=request: operation(**request))
        assert code == "AccessDeniedException", operation


def test_streams_of_changes(name: str, localstack: Any, make_user: Any, refusal: Any) -> None:
    """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/kds_iam.html"""
    localstack.client("kinesis").create_stream(StreamName=name, ShardCount=1)
    table, stream = f"arn:aws:dynamodb:{PLACE}:table/{name}", f"arn:aws:kinesis:{PLACE}:stream/{name}"
    own, reads = {"Action": "dynamodb:*", "Resource": table}, {"Action": "kinesis:Describe*", "Resource": stream}
    puts = {"Action": "kinesis:PutRecords", "Resource": stream}
    where = {"TableName": name, "StreamArn": stream}
    for statements in ([own], [own, reads], [reads, puts]):
        tables = make_user(*statements).client("dynamodb")
        code, _ = refusal(lambda tables=tables: tables.enable_kinesis_streaming_destination(**where))
        assert code == "AccessDeniedException", statements
    tables = make_user(own, reads, puts).client("dynamodb")
    assert tables.enable_kinesis_streaming_destination(**where)["DestinationStatus"] == "ENABLING"
    assert make_user(own).client("dynamodb").disable_kinesis_streaming_destination(**where)
    localstack.client("kinesis").delete_stream(StreamName=name)


def test_parameters(name: str, make_user: Any, refusal: Any) -> None:
    user = make_user({"Action": "ssm:*", "Resource": f"arn:aws:ssm:{PLACE}:parameter/{name}/*"})
    parameters, own, secret = user.client("ssm"), f"/{name}/key", f"/{name}-secret/key"
    assert parameters.get_parameter(Name=own)["Parameter"]["Value"] == "v"
    assert parameters.get_parameter(Name=f"{own}:1")["Parameter"]["Value"] == "v"
    for operation, request in (
        (parameters.get_parameter, {"Name": secret}),
        (parameters.get_parameters, {"Names": [own, secret]}),
        (parameters.get_parameters_by_path, {"Path": "/", "Recursive": True}),
        (parameters.describe_parameters, {}),
        (parameters.send_command, {"DocumentName": "d"}),
    ):
        code, _ = refusal(lambda operation=operation, request=request: operation(**request))
        assert code == "AccessDeniedException", operation
