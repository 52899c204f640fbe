"""What is strange about a record of the output stream that no event's id leads to, in words for the user."""

from __future__ import annotations

import json
from typing import Any

from harness.ledger.entries import as_text
from harness.pipeline.definition import Pipeline

SHOWN = 160  # characters of a record


def told(data: bytes, pipeline: Pipeline, event: Any = None) -> str:
    """Say why a record refers to no event, and what the record is.

    Args:
        data: of the record.
        pipeline: says where ids are.
        event: that the record should refer to, if it is known.
    """
    return f"{_reason(data, pipeline, event)}: {_shown(data)}"


def _reason(data: bytes, pipeline: Pipeline, event: Any) -> str:
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return "it is no JSON, and answers are read as JSON, one per record"
    keys, identity = pipeline.file.ledger, pipeline.identity
    if identity.source is not None and type(identity.source(document)) is not str:
        return f"it has no text at ledger.source_id, {keys.source_id}"
    found = identity.of_answer(document)
    if found is None:
        many = "; it is a list, and answers are read one per record" if isinstance(document, list) else ""
        return f"it has nothing at ledger.id_out, {keys.id_out}{many}"
    if event is None or as_text(found) == as_text(identity.of_event(event)):
        return "it refers to another event"
    return f"its id is {as_text(found)}, and the event's is {as_text(identity.of_event(event))}"


def _shown(data: bytes) -> str:
    text = data.decode(errors="replace")
    text = text if text.isprintable() and "\ufffd" not in text else repr(data)[2:-1]
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
