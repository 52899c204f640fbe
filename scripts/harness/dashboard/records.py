"""Finds records on the source stream, and answers on the output stream."""

from __future__ import annotations

import datetime as dt
import heapq
import json
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from harness import events, streams
from harness.dashboard.local import Local
from harness.errors import HarnessError
from harness.ledger.entries import as_text
from harness.streams import Read

HOUR = dt.timedelta(hours=1)
SPANS = (dt.timedelta(minutes=1), dt.timedelta(minutes=10), HOUR)
PAGE = 1_000  # records: 10,000 at once, which Kinesis allows, take 20 MB for a moment, and the process keeps some
MOST_PAGES = 400  # for each shard
MOST_FOUND = 20
# The output record may carry the time of another clock tick than the source record.
MARGIN = dt.timedelta(seconds=2)


def put(local: Local, text: str) -> str:
    """Put one event on the source stream.

    Args:
        local: the stack.
        text: the event, as it is to be put. It need not be valid, which is how to try what happens then.

    Returns:
        Its event id.

    Raises:
        HarnessError: it is empty or too large.
    """
    data = text.encode()
    if not data or len(data) + 256 > events.MAX_RECORD:
        cause = f"an event has between 1 byte and 1 MiB, and this one has {len(data)} bytes"
        raise HarnessError(cause, "write one JSON object")
    key = events.partition_key(local.stack.pipeline, data)
    return next(streams.put(local.kinesis, local.stack.resources.source_stream, [(data, key)])).event_id


def at(local: Local, event_id: str) -> Read | None:
    """Return the record of the source stream with an event id (`shardId-…:sequence number`); None if there is none."""
    shard, _, sequence = event_id.partition(":")
    client, stream = local.kinesis, local.stack.resources.source_stream
    try:
        iterator = client.get_shard_iterator(
            StreamName=stream, ShardId=shard, ShardIteratorType="AT_SEQUENCE_NUMBER", StartingSequenceNumber=sequence
        )["ShardIterator"]
    except ClientError:  # no such shard, or not a number of it
        return None
    found = client.get_records(ShardIterator=iterator, Limit=1)["Records"]
    return _read(found[0], shard) if found and found[0]["SequenceNumber"] == sequence else None


def with_id(local: Local, wanted: str) -> list[Read]:
    """Return the newest records of the last hour whose event has an id, oldest first."""
    identity = local.stack.pipeline.identity
    since = dt.datetime.now(dt.UTC) - HOUR
    needle = wanted.encode()  # a quick look before the record is parsed
    found = [
        record
        for record in _since(local, local.stack.resources.source_stream, since)
        if (needle in record.data or b"\\" in record.data) and plain(identity.id_in(record.data)) == wanted
    ]
    return sorted(found, key=lambda record: record.arrived)[-MOST_FOUND:]


def newest(local: Local, stream: str, most: int) -> list[Read]:
    """Return the newest records of a stream, oldest first: at most so many, and none older than an hour.

    Kinesis reads forward only, so this looks back a minute first, and longer only if that is not enough.
    """
    found: list[Read] = []
    for span in SPANS:
        since = dt.datetime.now(dt.UTC) - span
        found = heapq.nlargest(most, _since(local, stream, since), key=lambda record: record.arrived)
        if len(found) == most:
            break
    return found[::-1]


def answer(local: Local, record: Read) -> tuple[Any, Read] | None:
    """Return the answer to a record of the source stream, parsed and as it was read; None if there is none yet."""
    identity, names = local.stack.pipeline.identity, local.stack.resources
    event_id, own_id = f"{record.shard}:{record.sequence}", identity.id_in(record.data)
    since = dt.datetime.fromtimestamp(record.arrived, dt.UTC) - MARGIN
    for found in _since(local, names.output_stream, since):
        if found.arrived < record.arrived - MARGIN.total_seconds():
            continue
        document = parsed(found.data)
        if identity.source is not None:
            if identity.source(document) == event_id:
                return document, found
        elif own_id is not None and as_text(identity.of_answer(document)) == as_text(own_id):
            return document, found
    return None


def plain(identity: Any) -> str | None:
    """Return an id as a person writes it: a text without quotes. None if there is none."""
    return identity if identity is None or isinstance(identity, str) else as_text(identity)


def parsed(data: bytes | str) -> Any:
    """Return JSON data as Python objects; None if it is no JSON."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def _since(local: Local, stream: str, since: dt.datetime) -> Iterator[Read]:
    """Yield a stream's records since a time, shard by shard; of a very busy stream not all."""
    client = local.kinesis
    for shard in client.list_shards(StreamName=stream)["Shards"]:
        iterator: str | None = client.get_shard_iterator(
            StreamName=stream, ShardId=shard["ShardId"], ShardIteratorType="AT_TIMESTAMP", Timestamp=since
        )["ShardIterator"]
        for _ in range(MOST_PAGES):
            if iterator is None:
                break
            page = client.get_records(ShardIterator=iterator, Limit=PAGE)
            yield from (_read(record, shard["ShardId"]) for record in page["Records"])
            if page.get("MillisBehindLatest", 0) == 0:
                break
            iterator = page.get("NextShardIterator")


def _read(record: Any, shard: str) -> Read:
    arrived = record["ApproximateArrivalTimestamp"].timestamp()
    return Read(record["Data"], record["PartitionKey"], shard, record["SequenceNumber"], arrived, arrived)
