"""Moto's DynamoDB, with what its answers lack of AWS's, as LocalStack's authors recorded them."""

from typing import Any, cast, override

from localstack.aws.api import RequestContext
from localstack.aws.api.dynamodb import DynamodbApi
from localstack.aws.api.dynamodbstreams import DynamodbstreamsApi
from localstack.services.moto import call_moto
from moto.dynamodbstreams.models import dynamodbstreams_backends

from pipeline_emulator.arn import parse_arn
from pipeline_emulator.dynamodb import changes, kinesis_destinations, kinesis_sender, table_settings

_ONLY_IF_SET = ("GlobalSecondaryIndexes", "LocalSecondaryIndexes")


def _write(_self: object, context: RequestContext, *_args: Any, **_more: Any) -> Any:
    """Change items, one request at a time: moto's updates are not atomic."""
    with changes.WRITES:
        kinesis_sender.PENDING.clear()
        answer = call_moto(context)
        kinesis_sender.PENDING.send()
    return answer


class Tables(DynamodbApi):
    """Tables and their items."""

    @override
    def create_table(self, context: RequestContext, *_args: Any, **_more: Any) -> Any:
        """Create a table, which is active at once, but not yet in the answer."""
        answer: Any = call_moto(context)
        made = _noted(context, answer["TableDescription"])
        made.pop("WarmThroughput", None)
        return {"TableDescription": {**made, "TableStatus": "CREATING"}}

    @override
    def update_table(self, context: RequestContext, *_args: Any, **_more: Any) -> Any:
        """Change a table."""
        request: Any = context.service_request
        with changes.WRITES, changes.switching(context.account_id, context.region, request):
            answer: Any = call_moto(context)
            return {"TableDescription": _noted(context, answer["TableDescription"])}

    @override
    def describe_table(self, context: RequestContext, *_args: Any, **_more: Any) -> Any:
        """Describe a table."""
        answer: Any = call_moto(context)
        return {"Table": table_settings.described(kinesis_destinations.table_of(context), answer["Table"])}

    @override
    def enable_kinesis_streaming_destination(self, context: RequestContext, *_args: Any, **_more: Any) -> Any:
        """Send changes to a stream."""
        with changes.WRITES:
            return kinesis_destinations.enable(context)

    @override
    def disable_kinesis_streaming_destination(self, context: RequestContext, *_args: Any, **_more: Any) -> Any:
        """Send changes to a stream no longer."""
        with changes.WRITES:
            return kinesis_destinations.disable(context)

    @override
    def describe_kinesis_streaming_destination(self, context: RequestContext, *_args: Any, **_more: Any) -> Any:
        """List the streams that get changes, or did."""
        return kinesis_destinations.describe(context)

    @override
    def update_kinesis_streaming_destination(self, context: RequestContext, *_args: Any, **_more: Any) -> Any:
        """Change the unit of times."""
        with changes.WRITES:
            return kinesis_destinations.update(context)

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


def _noted(context: RequestContext, found: dict[str, Any]) -> dict[str, Any]:
    """Keep a request's settings; return the description of its table with them, an id, and without empty lists."""
    table, request = kinesis_destinations.table_of(context), cast("dict[str, Any]", context.service_request)
    table_settings.note(table, request)
    found = table_settings.described(table, found)
    kept = {name: value for name, value in found.items() if value or name not in _ONLY_IF_SET}
    return {**kept, "TableId": kinesis_destinations.table_id(table)}
