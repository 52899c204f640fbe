"""The records of a table's stream: moto writes them, with what its lack of AWS's.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_Record.html
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import StreamShard, Table
from moto.dynamodbstreams.models import ShardIterator

from pipeline_emulator import patches
from pipeline_emulator.arn import Arn
from pipeline_emulator.dynamodb import kinesis_sender
from pipeline_emulator.dynamodb.images import IMAGES, content, is_same_insert, size
from pipeline_emulator.dynamodb.table_settings import find
from pipeline_emulator.kinesis.activity import STREAM_ACTIVITY

WRITES = threading.RLock()
"""Held during each write, and while a stream is read.

Moto's writes are many steps: an update first puts an item without its attributes, and a failed transaction puts back
copies of its tables.
"""

VERSION = "1.1"


def install() -> None:
    """Patch moto's streams."""
    patches.ADD_CHANGE.wrap(_add)


def find_shard(stream: Arn) -> StreamShard | None:
    """Return the shard of a table's stream (moto's have one), or None if the table has no such stream."""
    name, _, label = stream.resource.removeprefix("table/").partition("/stream/")
    table = dynamodb_backends[stream.account][stream.region].tables.get(name)
    return table.stream_shard if table and table.latest_stream_label == label else None


def renew(iterator: ShardIterator) -> None:
    """Let an iterator read the stream as it is, after a cancelled transaction has put back a copy of its table."""
    stale = iterator.stream_shard
    table = dynamodb_backends[stale.account_id][stale.table.region_name].tables.get(stale.table.name)
    shard = table.stream_shard if table else None
    if shard and shard.created_on == stale.created_on:
        iterator.stream_shard = shard


def is_open(shard: StreamShard) -> bool:
    """Return whether records may follow: the stream is enabled."""
    return bool((shard.table.stream_specification or {}).get("StreamEnabled"))


@contextmanager
def switching(account: str, region: str, request: dict[str, Any]) -> Iterator[None]:
    """Let an UpdateTable disable a stream and enable a new one.

    Moto forgets the view type of a disabled stream, which DescribeStream then misses, and refuses to enable another.
    """
    table = find(account, region, request["TableName"])
    wanted = request.get("StreamSpecification") or {}
    if table is None or table.stream_shard is None or table.latest_stream_label is None or not wanted:
        yield
        return
    label, view = table.latest_stream_label, (table.stream_specification or {}).get("StreamViewType")
    if wanted.get("StreamEnabled") and not is_open(table.stream_shard):
        table.latest_stream_label = None
    try:
        yield
    finally:
        table.latest_stream_label = table.latest_stream_label or label
        if not is_open(table.stream_shard):
            table.stream_specification = {"StreamEnabled": False, "StreamViewType": view}


def _add(original: Callable[..., Any], self: StreamShard, old: Item | None, new: Item | None) -> None:
    """Add the record of a change, if the stream is enabled.

    A write that changes nothing has no record: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html.
    Of an update that creates an item moto makes two: one for the item without its attributes, and one for the rest.
    """
    if old and new and _comparable(old.attrs) == _comparable(new.attrs):
        return
    kinesis_sender.PENDING.add(self.table, old, new)
    if not is_open(self):
        return
    with WRITES:
        original(self, old, new)
        record = self.items[-1].record
        _complete(record, self.table, old, new)
        if len(self.items) > 1 and is_same_insert(self.items[-2].record, record):
            record["dynamodb"]["SequenceNumber"] = self.items[-2].record["dynamodb"]["SequenceNumber"]
            del self.items[-2]
    STREAM_ACTIVITY.notify((self.account_id, self.table.region_name, f"table/{self.table.name}", self.id))


def _complete(record: dict[str, Any], table: Table, old: Item | None, new: Item | None) -> None:
    """Complete moto's record: it has empty images, the wrong region and size, and some binary values as text."""
    record |= {"eventVersion": VERSION, "awsRegion": table.region_name}
    change, full = record["dynamodb"], content(table, old, new)
    for name in IMAGES:
        if change.pop(name, None) is not None and name in full:
            change[name] = full[name]
    change["ApproximateCreationDateTime"] = full["ApproximateCreationDateTime"]
    change["SizeBytes"] = size(change)


def _comparable(attributes: dict[str, DynamoType]) -> dict[str, Any]:
    """Return attributes for a comparison: sets without their order, numbers without their notation."""
    return {name: _content(value) for name, value in attributes.items()}


def _content(value: DynamoType) -> tuple[str, Any]:
    content = value.value
    match value.type:
        case "N":
            content = Decimal(content)
        case "NS":
            content = frozenset(map(Decimal, content))
        case "SS" | "BS":
            content = frozenset(content)
        case "L":
            content = [_content(one) for one in content]
        case "M":
            content = _comparable(content)
    return value.type, content
