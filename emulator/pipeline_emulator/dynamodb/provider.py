"""Moto's DynamoDB, with what its answers lack of AWS's."""

import base64
import uuid
from collections.abc import Iterator
from typing import Any, override

from localstack.aws.api import RequestContext
from localstack.aws.api.dynamodb import DynamodbApi
from localstack.aws.api.dynamodbstreams import DynamodbstreamsApi
from localstack.services.moto import call_moto

_ONLY_IF_SET = ("GlobalSecondaryIndexes", "LocalSecondaryIndexes")


class Tables(DynamodbApi):
    """Tables and their items."""

    @override
    def create_table(self, context: RequestContext, *_args: Any, **_more: Any) -> Any:
        """Create a table. AWS's answer has an id and no empty lists, as LocalStack's authors recorded."""
        answer: Any = call_moto(context)
        found = answer["TableDescription"]
        kept = {name: value for name, value in found.items() if value or name not in _ONLY_IF_SET}
        kept.pop("WarmThroughput", None)
        return {**answer, "TableDescription": {**kept, "TableId": str(uuid.uuid4())}}


class TableStreams(DynamodbstreamsApi):
    """Streams of tables."""

    @override
    def get_records(self, context: RequestContext, *_args: Any, **_more: Any) -> Any:
        """Read records. Moto encodes binary values of items twice."""
        answer: Any = call_moto(context)
        for value in _binary_values(answer.get("Records", [])):
            value["B"] = base64.b64decode(value["B"])
        return answer


def _binary_values(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if set(value) == {"B"}:
            yield value
        value = list(value.values())
    for each in value if isinstance(value, list) else ():
        yield from _binary_values(each)
