"""Moto's DynamoDB, with what its answers lack of AWS's, as LocalStack's authors recorded them."""

import uuid
from typing import Any, override

from localstack.aws.api import RequestContext
from localstack.aws.api.dynamodb import DynamodbApi
from localstack.aws.api.dynamodbstreams import DynamodbstreamsApi
from localstack.services.moto import call_moto
from moto.dynamodbstreams.models import dynamodbstreams_backends

from pipeline_emulator.arn import parse_arn
from pipeline_emulator.dynamodb import changes

_ONLY_IF_SET = ("GlobalSecondaryIndexes", "LocalSecondaryIndexes")


def _write(_self: object, context: RequestContext, *_args: Any, **_more: Any) -> Any:
    """Change items, one request at a time: moto's updates are not atomic."""
    with changes.WRITES:
        return call_moto(context)


class Tables(DynamodbApi):
    """Tables and their items."""

    @override
    def create_table(self, context: RequestContext, *_args: Any, **_more: Any) -> Any:
        """Create a table, which is active at once, but not yet in the answer."""
        made = _table(call_moto(context))
        made.pop("WarmThroughput", None)
        return {"TableDescription": {**made, "TableStatus": "CREATING"}}

    @override
    def update_table(self, context: RequestContext, *_args: Any, **_more: Any) -> Any:
        """Change a table."""
        request: Any = context.service_request
        with changes.WRITES, changes.switching(context.account_id, context.region, request):
            return {"TableDescription": _table(call_moto(context))}

    put_item = update_item = delete_item = batch_write_item = transact_write_items = _write
    execute_statement = batch_execute_statement = execute_transaction = _write


class TableStreams(DynamodbstreamsApi):
    """Streams of tables."""

    @override
    def describe_stream(self, context: RequestContext, *_args: Any, **_more: Any) -> Any:
        """Describe a stream. Moto's are always enabled."""
        request: Any = context.service_request
        answer: Any = call_moto(context)
        shard = changes.find_shard(parse_arn(request["StreamArn"]))
        if shard is None or not changes.is_open(shard):
            answer["StreamDescription"]["StreamStatus"] = "DISABLED"
        return answer

    @override
    def get_records(self, context: RequestContext, *_args: Any, **_more: Any) -> Any:
        """Read records between two writes."""
        request: Any = context.service_request
        iterators = dynamodbstreams_backends[context.account_id][context.region].shard_iterators
        with changes.WRITES:
            if iterator := iterators.get(request["ShardIterator"]):
                changes.renew(iterator)
            return call_moto(context)


def _table(answer: Any) -> dict[str, Any]:
    """Return a table's description with an id and without empty lists."""
    found = answer["TableDescription"]
    kept = {name: value for name, value in found.items() if value or name not in _ONLY_IF_SET}
    table_id = uuid.uuid5(uuid.NAMESPACE_URL, f"{found['TableArn']} {found['CreationDateTime']}")
    return {**kept, "TableId": str(table_id)}
