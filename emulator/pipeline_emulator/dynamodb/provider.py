"""Moto's DynamoDB, with what its answers lack of AWS's, as LocalStack's authors recorded them."""

import base64
import uuid
from collections.abc import Iterator
from typing import Any, override

from localstack.aws.api import RequestContext
from localstack.aws.api.dynamodb import DynamodbApi
from localstack.aws.api.dynamodbstreams import DynamodbstreamsApi
from localstack.services.moto import call_moto

_ONLY_IF_SET = ("GlobalSecondaryIndexes", "LocalSecondaryIndexes")
_IMAGES = ("Keys", "NewImage", "OldImage")


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
        return {"TableDescription": _table(call_moto(context))}


class TableStreams(DynamodbstreamsApi):
    """Streams of tables."""

    @override
    def get_records(self, context: RequestContext, *_args: Any, **_more: Any) -> Any:
        """Read records. Moto encodes binary values twice, has an old image of new items, and estimates sizes."""
        answer: Any = call_moto(context)
        for record in answer.get("Records", []):
            change = record["dynamodb"]
            for value in _values(change):
                if "B" in value:
                    value["B"] = base64.b64decode(value["B"])
            if not change.get("OldImage"):
                change.pop("OldImage", None)
            change["SizeBytes"] = sum(_size(change[name]) for name in _IMAGES if name in change)
        return answer


def _table(answer: Any) -> dict[str, Any]:
    """Return a table's description with an id and without empty lists."""
    found = answer["TableDescription"]
    kept = {name: value for name, value in found.items() if value or name not in _ONLY_IF_SET}
    table_id = uuid.uuid5(uuid.NAMESPACE_URL, f"{found['TableArn']} {found['CreationDateTime']}")
    return {**kept, "TableId": str(table_id)}


def _values(value: Any) -> Iterator[dict[str, Any]]:
    """Yield the simple values of items: dictionaries such as `{"S": "text"}`."""
    if not isinstance(value, dict):
        return
    for each in value.values():
        if isinstance(each, dict) and len(each) == 1 and not isinstance(next(iter(each.values())), dict):
            yield each
        yield from _values(each)


def _size(image: dict[str, Any]) -> int:
    """Return the bytes of an image's names and simple values."""
    return sum(len(name.encode()) + sum(map(_length, value.values())) for name, value in image.items())


def _length(value: Any) -> int:
    return len(value.encode()) if isinstance(value, str) else len(value) if isinstance(value, bytes) else 1
