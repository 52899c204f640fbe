"""Sample events: from a file of events, or from a test event of Lambda."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.errors import HarnessError
from harness.paths import shown
from harness.pipeline import toml_file

# Where people keep an event.
USUAL = ("event.json", "events.jsonl", "sample.json", "sample.jsonl", "*sample*.json", "*sample*.jsonl", "*event*.json")
REMEDY = "give a file with events, one JSON object per line: --sample events.jsonl"
# CSV, Avro, compressed data, or several events in one record.
NO_JSON = f"{REMEDY}; events that are no JSON objects are for the emulator's pytest plugin (docs/your-tests.md)"
MOST_REASONS = 5

# Keys of an event's own id, not of whom it is about.
OWN = ("id", "uuid", "guid", "event_id", "eventid", "message_id", "messageid", "record_id", "recordid")
_WORD_ID = re.compile(r"[_-](id|ID)$|[a-z]I[dD]$")  # `order_id`, `orderId`; not `valid`
_PLAIN = re.compile(r"[A-Za-z_]\w*", re.ASCII)  # a key that JMESPath takes without quotation marks


def find(folder: Path) -> Path:
    """Return a file in a folder or one below it that looks like sample events.

    Raises:
        HarnessError: there is none; names the files that were looked at, each with the reason.
    """
    refused: dict[Path, str] = {}
    for file in _candidates(folder):
        try:
            read(file)
        except HarnessError as error:
            refused[file] = error.cause
        else:
            return file
    reasons = [*refused.values()][:MOST_REASONS]
    cause = "there are no sample events, and none in a file with a usual name"
    raise HarnessError("\n".join([f"{cause}{':' if reasons else ''}", *reasons]), REMEDY)


def _candidates(folder: Path) -> Iterator[Path]:
    for pattern in (*USUAL, *(f"*/{each}" for each in USUAL)):
        for file in sorted(folder.glob(pattern)):
            if not any(part.startswith(".") for part in file.relative_to(folder).parts):
                yield file


def read(file: Path) -> list[dict[str, Any]]:
    """Return the events in a file: a JSON object, one per line, or a Lambda test event with Kinesis records.

    Raises:
        HarnessError: there are none.
    """
    try:
        text = toml_file.read(file)
    except OSError as error:
        raise HarnessError(f"{shown(file)} cannot be read: {error.strerror}", REMEDY) from None
    try:
        found = [json.loads(text)]
    except ValueError:
        found = [_line(file, number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    events = [event for each in found for event in _events(file, each)]
    if not events:
        raise HarnessError(f"{shown(file)} has no events", REMEDY)
    return events


def _line(file: Path, number: int, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise HarnessError(f"{shown(file)}, line {number} is no JSON: {error}", NO_JSON) from None


def _events(file: Path, document: Any) -> list[dict[str, Any]]:
    if isinstance(document, dict) and isinstance(records := document.get("Records"), list):
        try:
            document = [json.loads(base64.b64decode(record["kinesis"]["data"], validate=True)) for record in records]
        except (KeyError, TypeError, ValueError, binascii.Error) as error:
            raise HarnessError(f"{shown(file)} has a record without a JSON event: {error!r}", NO_JSON) from None
    events = document if isinstance(document, list) else [document]
    if not all(isinstance(event, dict) for event in events):
        raise HarnessError(f"{shown(file)} has an event that is no JSON object", NO_JSON)
    return events


def ids(events: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the paths that may be the events' ids, the likeliest first: texts and integers with `id` in their name."""
    paths = [path for path, value in _leaves(events[0]) if type(value) in (int, str)]
    named = [path for path in paths if path.lower().rstrip('"').endswith("id")]
    return [*sorted(named, key=_rank), *(path for path in paths if path not in named)]


def _rank(path: str) -> tuple[bool, int, bool]:
    """Return the place of a path whose key ends in `id`: a word before `paid`, then by depth, an event's own first."""
    key = path.rpartition(".")[2].strip('"')
    own = key.lower() in OWN
    return not own and not _WORD_ID.search(key), path.count("."), not own


def _leaves(document: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for key, value in document.items():
        path = f"{prefix}{key if _PLAIN.fullmatch(key) else json.dumps(key)}"
        found += _leaves(value, f"{path}.") if isinstance(value, dict) else [(path, value)]
    return found
