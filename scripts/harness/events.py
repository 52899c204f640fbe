"""Events to send: a pipeline's samples, made-up events, or events from a file."""

from __future__ import annotations

import decimal
import itertools
import json
import math
import random
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.errors import HarnessError
from harness.pipeline import code, definition
from harness.pipeline.definition import Pipeline
from harness.stack.state import Stack

MAX_RECORD = 1024 * 1024
UNREADABLE = "unreadable"
SHOWN = 60  # characters of an invalid line in an error message
_NUMBERED = 2**20  # ids of one run that are integers


def sample() -> dict[str, Any]:
    """Return the current pipeline's first sample event."""
    return definition.current().samples()[0]


def few_keys(count: int) -> int:
    """Return a number of ids that gives each several events, so that their order can be checked."""
    return min(1000, max(1, count // 8))


def made_up(
    stack: Stack, count: int, seed: int = 0, prefix: str | None = None, keys: int | None = None
) -> list[tuple[bytes, str]]:
    """Make up events for the pipeline and the model of a stack; arguments as for `of_model`."""
    return of_model(stack.pipeline, stack.model, count, seed, prefix, keys)


def of_model(
    pipeline: Pipeline,
    model: Mapping[str, Any],
    count: int,
    seed: int = 0,
    prefix: str | None = None,
    keys: int | None = None,
) -> list[tuple[bytes, str]]:
    """Make up the events of one run, as `events.made_up` of the pipeline does, or from its samples.

    Args:
        pipeline: describes its events.
        model: a training result, for functions that want one; may be empty.
        count: number of events.
        seed: of everything random.
        prefix: first part of every id, to tell runs apart; None for a new one.
        keys: number of ids to cycle through; None for one per event. Without `ledger.source_id` each event has its own.

    Returns:
        Data and partition key (the id) of each event.
    """
    if pipeline.file.events.made_up:
        made = code.of(pipeline).made_up(count, seed, model)
    else:
        made = list(from_samples(pipeline.samples(), count, seed))
    identity = pipeline.identity
    if identity.source is None:
        keys = None
    ids = _Ids(prefix or f"run-{time.time_ns():x}")
    records = []
    for number, event in enumerate(made):
        named = identity.with_id(event, ids.of(identity.of_event(event), number if keys is None else number % keys))
        records.append((encode(named), str(identity.of_event(named))[:256] or UNREADABLE))
    return records


class _Ids:
    """Ids of one run, of the type that the pipeline's ids have."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._first = zlib.crc32(prefix.encode()) * _NUMBERED  # below 2**52: exact in every JSON parser

    def of(self, former: Any, number: int) -> str | int:
        return self._first + number if type(former) is int else f"{self._prefix}-{number}"


def from_samples(samples: Sequence[dict[str, Any]], count: int, seed: int) -> Iterator[dict[str, Any]]:
    """Make up events that look like the samples: each value is one that some sample has in the same place.

    Numbers with a fraction are drawn from between the smallest and the largest one, with as many decimals.

    Args:
        samples: at least one.
        count: number of events.
        seed: of the random choices.
    """
    chance = random.Random(seed)  # noqa: S311 - test data, no secret
    for _ in range(count):
        yield _mixed(chance.choice(samples), samples, chance)


def _mixed(sample: dict[str, Any], others: Sequence[dict[str, Any]], chance: random.Random) -> dict[str, Any]:
    mixed: dict[str, Any] = {}
    for key, value in sample.items():
        same = [other[key] for other in others if type(other.get(key)) is type(value)]
        if isinstance(value, dict):
            mixed[key] = _mixed(value, same, chance)
        elif isinstance(value, float):
            mixed[key] = round(chance.uniform(min(same), max(same)), max(map(_decimals, same)))
        else:
            mixed[key] = chance.choice(same)
    return mixed


def _decimals(number: float) -> int:
    """Return the number of digits behind the decimal point."""
    return max(0, -int(decimal.Decimal(repr(number)).as_tuple().exponent)) if math.isfinite(number) else 0


def from_file(path: Path) -> Iterator[bytes]:
    """Read the records of a file: one JSON object per line, or one JSON document that is an object or a list of them.

    Args:
        path: the file. Its objects need not be valid events.

    Yields:
        Each non-empty line as it is, or each object of the document in one line.

    Raises:
        HarnessError: the file cannot be read, or a record is not a JSON object or too long for Kinesis.
    """
    try:
        with path.open("rb") as file:
            first = file.readline()
            if not first.strip() or _is_object(first):
                yield from _lines(path, itertools.chain([first], file))
            else:
                yield from _document(path, first, file.read())
    except OSError as error:
        raise HarnessError(
            f"{path} cannot be read: {error.strerror}", "name a file: make send FILE=events.jsonl"
        ) from None


def _lines(path: Path, lines: Iterable[bytes]) -> Iterator[bytes]:
    for number, line in enumerate(lines, 1):
        record = line.rstrip(b"\r\n")
        if record and not _is_object(record):
            raise _no_object(f"{path}, line {number}", record)
        if record:
            yield _short_enough(f"{path}, line {number}", record)


def _document(path: Path, first: bytes, rest: bytes) -> Iterator[bytes]:
    try:
        found = json.loads((first + rest).decode())
    except (ValueError, RecursionError):
        raise _no_object(f"{path}, line 1", first.rstrip()) from None
    for number, each in enumerate(found if isinstance(found, list) else [found], 1):
        if not isinstance(each, dict):
            raise _no_object(f"{path}, item {number}", json.dumps(each).encode())
        yield _short_enough(f"{path}, item {number}", encode(each))


def _no_object(where: str, record: bytes) -> HarnessError:
    return HarnessError(
        f"{where} is not a JSON object: {_shown(record)}", "write one JSON object per line; nothing was sent"
    )


def _short_enough(where: str, record: bytes) -> bytes:
    if len(record) + 256 > MAX_RECORD:
        raise HarnessError(
            f"{where}: {len(record)} bytes are too many for a record (1 MiB with its key)",
            "remove or shorten it; nothing was sent",
        )
    return record


def _shown(record: bytes) -> str:
    text = repr(record.decode(errors="replace"))
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def _is_object(record: bytes) -> bool:
    try:
        return isinstance(json.loads(record.decode()), dict)
    except (ValueError, RecursionError):
        return False


def encode(event: Mapping[str, Any]) -> bytes:
    """Encode an event as the data of a record."""
    return json.dumps(event, separators=(",", ":")).encode()


def partition_key(pipeline: Pipeline, record: bytes) -> str:
    """Return a record's partition key: its id, or one key for all records without an id."""
    found = pipeline.identity.id_in(record)
    key = "" if found is None else str(found)[:256]
    try:
        key.encode()  # JSON allows lone surrogates, Kinesis does not
    except UnicodeEncodeError:
        return UNREADABLE
    return key or UNREADABLE
