"""Store-sales events to send: the sample, made-up events, or events from a file."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.errors import HarnessError
from harness.stack.state import Stack

MAX_RECORD = 1024 * 1024
UNREADABLE = "unreadable"
SHOWN = 60  # characters of an invalid line in an error message

SAMPLE: dict[str, Any] = {
    "sales_input": {"date": "2022-12-25", "store": 2, "promo": 1, "holiday": 0},
    "sales_id": 512,
}


def generated(
    count: int, stores: Sequence[int], last_day: dt.date, prefix: str, seed: int = 0, keys: int | None = None
) -> Iterator[dict[str, Any]]:
    """Make up events: every store in turn, on days after the training data.

    Args:
        count: number of events.
        stores: store numbers to cycle through.
        last_day: last day of the training data.
        prefix: first part of every sales_id, to tell runs apart.
        seed: of the random promo, holiday and days.
        keys: number of sales_ids to cycle through; None for one per event.

    Yields:
        Events like SAMPLE, with sales_id `<prefix>-<number>`.
    """
    chance = random.Random(seed)  # noqa: S311 - test data, no secret
    for number, store in zip(range(count), itertools.cycle(stores), strict=False):
        day = last_day + dt.timedelta(days=chance.randint(1, 42))
        yield {
            "sales_input": {
                "date": day.isoformat(),
                "store": store,
                "promo": chance.randint(0, 1),
                "holiday": int(chance.random() < 0.03),
            },
            "sales_id": f"{prefix}-{number if keys is None else number % keys}",
        }


def few_keys(count: int) -> int:
    """Return a number of sales_ids that gives each several events, so that their order can be checked."""
    return min(1000, max(1, count // 8))


def made_up(
    stack: Stack, count: int, seed: int = 0, prefix: str | None = None, keys: int | None = None
) -> list[tuple[bytes, str]]:
    """Make up events for the model that a stack serves; arguments as for `of_model`."""
    return of_model(stack.model, count, seed, prefix, keys)


def of_model(
    model: Mapping[str, Any], count: int, seed: int = 0, prefix: str | None = None, keys: int | None = None
) -> list[tuple[bytes, str]]:
    """Make up the events of one run, for the stores that a model knows and after its training data.

    Args:
        model: a training result, or its `stores` and `date_range`.
        count: number of events.
        seed: as for `generated`.
        prefix: as for `generated`; None for a new one.
        keys: as for `generated`.

    Returns:
        Data and partition key (the sales_id) of each event.
    """
    last_day = dt.date.fromisoformat(model["date_range"][1])
    made = generated(count, model["stores"], last_day, prefix or f"run-{time.time_ns():x}", seed, keys)
    return [(encode(event), str(event["sales_id"])) for event in made]


def from_file(path: Path) -> Iterator[bytes]:
    """Read the records of a file, one JSON object per line; they need not be valid events.

    Args:
        path: the file.

    Yields:
        The bytes of each non-empty line.

    Raises:
        HarnessError: the file cannot be read, or a line is not a JSON object or too long for Kinesis.
    """
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                record = line.rstrip(b"\r\n")
                if len(record) + 256 > MAX_RECORD:
                    raise HarnessError(
                        f"{path}, line {number}: {len(record)} bytes are too many for a record (1 MiB with its key)",
                        "remove or shorten it; nothing was sent",
                    )
                if record and not _is_object(record):
                    raise HarnessError(
                        f"{path}, line {number} is not a JSON object: {_shown(record)}",
                        "write one JSON object per line; nothing was sent",
                    )
                if record:
                    yield record
    except OSError as error:
        raise HarnessError(
            f"{path} cannot be read: {error.strerror}", "name a file: make send FILE=events.jsonl"
        ) from None


def _shown(record: bytes) -> str:
    text = repr(record.decode(errors="replace"))
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def _is_object(record: bytes) -> bool:
    try:
        return isinstance(json.loads(record.decode()), dict)
    except (ValueError, RecursionError):
        return False


def encode(event: dict[str, Any]) -> bytes:
    """Encode an event as the data of a record."""
    return json.dumps(event, separators=(",", ":")).encode()


def partition_key(record: bytes) -> str:
    """Return a record's partition key: its sales_id, or one key for all records without a sales_id."""
    try:
        key = str(json.loads(record)["sales_id"])[:256]
        key.encode()  # JSON allows lone surrogates, Kinesis does not
    except (ValueError, KeyError, TypeError, RecursionError):
        return UNREADABLE
    return key or UNREADABLE
