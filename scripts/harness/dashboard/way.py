"""An event's way: what happened to one record from its put to its answer or failure."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import Any

from harness import failed
from harness.dashboard import records
from harness.dashboard.local import Local
from harness.stack import attempts, invocations
from harness.streams import Read

EVENT_ID = re.compile(r"shardId-\d{12}:\d{1,60}")
MOST_SHOWN = 65_536  # characters of a payload
LOGGED = 6  # attempts of which the log is read: the first one and the last ones


def find(local: Local, wanted: str) -> list[dict[str, Any]]:
    """Return the ways of the records with an id.

    Args:
        local: the stack.
        wanted: an event id, or the id of an event as `ledger.id_in` of the pipeline finds it.

    Returns:
        One way for each record, oldest first: an event that was sent or redriven again has several.
    """
    if EVENT_ID.fullmatch(wanted):
        found = records.at(local, wanted)
        return [of(local, found)] if found else []
    return [of(local, record) for record in records.with_id(local, wanted)]


def of(local: Local, record: Read) -> dict[str, Any]:
    """Return the way of a record of the source stream. Times are in seconds since the epoch."""
    event_id = f"{record.shard}:{record.sequence}"
    # The end first: attempts that are read afterwards include the one that led to it.
    answered, failure = records.answer(local, record), _failure(local, record, event_id)
    attempted = attempts.of(local.stack, event_id)
    if attempted and answered is None and failure is None:  # it may have just come
        answered, failure = records.answer(local, record), _failure(local, record, event_id)
    for each in [*attempted[:1], *attempted[1:][1 - LOGGED :]]:
        each["log"] = invocations.log(local.logs, local.log_group, each)
    return {
        "event_id": event_id,
        "id": records.plain(local.stack.pipeline.identity.id_in(record.data)),
        "state": _state(attempted, answered is not None, failure is not None),
        "put": {
            "at": record.arrived,
            "stream": local.stack.resources.source_stream,
            "shard": record.shard,
            "sequence_number": record.sequence,
            "partition_key": record.key,
            "data": shown(record.data),
        },
        "attempts": attempted,
        "answer": _answer(local, answered),
        "failure": failure,
    }


def shown(data: bytes) -> str:
    """Return a payload as text, JSON with one value a line, shortened if it is very long.

    Here and not in the browser, whose numbers have 53 bits.
    """
    try:
        text = json.dumps(json.loads(data), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        text = data.decode(errors="replace")
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}… ({len(text):,} characters)"


def _state(attempted: list[dict[str, Any]], answered: bool, has_failed: bool) -> str:
    """Return `answered`, `failed`, `discarded`, `done`, `retrying` or `waiting`."""
    if has_failed:
        return "failed"
    if answered:
        return "answered"
    if not attempted:
        return "waiting"
    if attempted[-1]["discarded"]:
        return "discarded"
    return "done" if attempted[-1]["state_of_record"] == "succeeded" else "retrying"


def _answer(local: Local, answered: tuple[Any, Read] | None) -> dict[str, Any] | None:
    if answered is None:
        return None
    _, read = answered
    stream = local.stack.resources.output_stream
    place = f"{read.shard}:{read.sequence}"
    return {"at": read.arrived, "stream": stream, "place": place, "key": read.key, "document": shown(read.data)}


def _failure(local: Local, record: Read, event_id: str) -> dict[str, Any] | None:
    bucket = local.stack.resources.failed_events
    if bucket is None:
        return None
    since = dt.datetime.fromtimestamp(int(record.arrived), dt.UTC) - dt.timedelta(seconds=1)
    for found in failed.objects(local.s3, bucket, since=since):
        for event in found.events:
            if event.event_id == event_id:
                return {"at": event.failed_at, "reason": event.reason, "kind": event.kind, "key": event.key}
    return None
