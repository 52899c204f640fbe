"""Puts the changes of tables on the streams that EnableKinesisStreamingDestination names."""

import hashlib
import json
import logging
import queue
import threading
import uuid
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from localstack.aws.connect import connect_to
from localstack.runtime import events
from localstack.utils.aws.client_types import ServicePrincipal
from moto.dynamodb.models.dynamo_type import Item
from moto.dynamodb.models.table import Table

from pipeline_emulator.arn import parse_arn
from pipeline_emulator.dynamodb.images import content, is_same_insert, text

LOG = logging.getLogger(__name__)

MILLISECOND, MICROSECOND = "MILLISECOND", "MICROSECOND"
PRECISION = "ApproximateCreationDateTimePrecision"
_PRINCIPAL = ServicePrincipal("dynamodb")
_KEY = "kinesis_destinations"  # among the table's attributes, so that it ends, is copied and is stored with the table
# On AWS, DynamoDB tries for days. Here the log says soon that something is wrong.
_TRIES, _PAUSE_SECONDS = 60, 1.0


@dataclass(frozen=True)
class Change:
    """A change of an item.

    Attributes:
        table: of the item.
        record: with `eventName` and `dynamodb`, as in the table's own stream.
    """

    table: Table
    record: dict[str, Any]


def destinations(table: Table) -> dict[str, dict[str, Any]]:
    """Return what DescribeKinesisStreamingDestination lists, by the streams' ARNs."""
    found: dict[str, dict[str, Any]] = vars(table).setdefault(_KEY, {})
    return found


def _active(table: Table) -> list[dict[str, Any]]:
    return [each for each in destinations(table).values() if each["DestinationStatus"] == "ACTIVE"]


class Changes:
    """The changes of one request, which are sent if it succeeds. Used while `changes.WRITES` is held."""

    def __init__(self) -> None:
        self._found: list[Change] = []

    def add(self, table: Table, old: Item | None, new: Item | None) -> None:
        """Add a change. Of an update that creates an item moto tells twice, first without its attributes."""
        if not _active(table):
            return
        name = "INSERT" if old is None else "REMOVE" if new is None else "MODIFY"
        change = Change(table, {"eventName": name, "dynamodb": content(table, old, new)})
        last = self._found[-1] if self._found else None
        if last and last.table is table and is_same_insert(last.record, change.record):
            self._found.pop()
        self._found.append(change)

    def clear(self) -> None:
        """Forget the changes of a request that has failed."""
        self._found.clear()

    def send(self) -> None:
        """Hand the changes over to the thread that puts them on the streams."""
        for change in self._found:
            for destination in _active(change.table):
                record = json.dumps(
                    _record(change, destination.get(PRECISION)), separators=(",", ":"), ensure_ascii=False
                )
                _sender.put(change.table, destination["StreamArn"], record.encode(), _partition_key(change))
        self.clear()


class Sender:
    """Puts records on streams in a thread of its own, one after the other: the changes of an item stay in order."""

    def __init__(self) -> None:
        self._waiting: queue.SimpleQueue[tuple[Table, str, bytes, str]] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def put(self, table: Table, stream_arn: str, data: bytes, key: str) -> None:
        """Put a record on a stream soon."""
        self._waiting.put((table, stream_arn, data, key))
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="dynamodb-to-kinesis", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while not events.infra_stopping.is_set():
            table, stream_arn, data, key = self._waiting.get()
            for number in range(_TRIES):
                try:
                    _client(table, stream_arn).put_record(StreamARN=stream_arn, Data=data, PartitionKey=key)
                    break
                except (BotoCoreError, ClientError) as error:
                    log = LOG.warning if number == 0 else LOG.debug
                    log("DynamoDB cannot put a change of table %s on %s: %s", table.name, stream_arn, error)
                    if _is_gone(error) or events.infra_stopping.wait(_PAUSE_SECONDS):
                        break


def _is_gone(error: Exception) -> bool:
    return isinstance(error, ClientError) and error.response["Error"]["Code"] == "ResourceNotFoundException"


def _client(table: Table, stream_arn: str) -> Any:
    stream = parse_arn(stream_arn)
    factory = connect_to(aws_access_key_id=stream.account, region_name=stream.region)
    return factory.kinesis.request_metadata(source_arn=table.table_arn, service_principal=_PRINCIPAL)


_sender = Sender()
PENDING = Changes()


def _record(change: Change, precision: str | None) -> dict[str, Any]:
    """Return a record as people have found it in their streams.

    https://github.com/widmogrod/software-architecture-playground and, with a precision,
    https://github.com/crate/commons-codec, tests/transform/test_dynamodb_cdc.py
    """
    units = 1_000_000 if precision == MICROSECOND else 1_000
    change_of_item = change.record["dynamodb"]
    time_of_change = int(change_of_item["ApproximateCreationDateTime"].timestamp() * units)
    return {
        "awsRegion": change.table.region_name,
        "eventID": str(uuid.uuid4()),
        "eventName": change.record["eventName"],
        "userIdentity": None,
        "recordFormat": "application/json",
        "tableName": change.table.name,
        "dynamodb": {
            **json.loads(text({**change_of_item, "ApproximateCreationDateTime": time_of_change})),
            **({PRECISION: precision} if precision else {}),
        },
        "eventSource": "aws:dynamodb",
    }


def _partition_key(change: Change) -> str:
    """Return 32 hexadecimal digits, the same for all changes of an item. How AWS computes them is not known."""
    item = f"{change.table.name} {text(change.record['dynamodb']['Keys'])}"
    return hashlib.md5(item.encode(), usedforsecurity=False).hexdigest().upper()
