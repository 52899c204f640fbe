"""The input that EventBridge makes of an event by a target's template.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html. What it leaves open was
recorded on AWS by LocalStack's tests of 2025-11-24, `test_input_transformer_nested_keys_replacement`.
"""

import json
import logging
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from localstack.services.events.utils import event_time_to_time_string, to_json_str
from localstack.utils.json import extract_jsonpath

from pipeline_emulator import patches

LOG = logging.getLogger(__name__)
_VARIABLE = re.compile(r"<(.*?)>")
_TEXT = re.compile(r'"(?:[^"\\]|\\.)*(?:"|$)', re.DOTALL)


class Lines(str):
    """The text of a template of quoted lines, without its outer quotes. `sent` is what the target gets."""

    __slots__ = ("sent",)
    sent: str


def install() -> None:
    """Replace how core fills in templates."""
    patches.VARIABLES_OF_EVENT.replace(variables)
    patches.FILL_TEMPLATE.replace(fill)

    @patches.SEND_LINES.wrap
    def send_lines(original: Callable[..., str], event: Any, *args: Any, **more: Any) -> str:
        return event.sent if isinstance(event, Lines) else original(event, *args, **more)


def variables(transformer: Mapping[str, Any], event: Any) -> dict[str, Any]:
    """Return the values of a transformer's variables; an empty text for one that the event lacks."""
    paths = transformer.get("InputPathsMap") or {}
    extract: Any = extract_jsonpath
    found = {name: extract(event, path) for name, path in paths.items() if not name.startswith("aws.events.")}
    return {name: "" if value is None or value == [] else value for name, value in found.items()}


def fill(template: str, values: Mapping[str, Any]) -> Any:
    """Return a template with its variables replaced: a document, or the text of quoted lines.

    None if the result is no JSON: EventBridge drops such events.
    """
    is_text = template.lstrip().startswith('"')
    quoted = [match.span() for match in _TEXT.finditer(template)]

    def value(match: re.Match[str]) -> str:
        found = values.get(match[1], "")
        if any(start < match.start() < end for start, end in quoted):
            return _in_text(found) if is_text else _in_string(found)
        return _json(found)

    filled = _VARIABLE.sub(value, template)
    if is_text:
        lines = Lines(filled.strip()[1:-1])
        lines.sent = filled
        return lines
    try:
        return json.loads(filled)
    except ValueError:
        LOG.info("The event is dropped: the template of its target becomes no JSON: %s", filled)
        return None


def _json(value: Any) -> str:
    return to_json_str(_plain(value))


def _in_string(value: Any) -> str:
    """Return a value within a string of a document. EventBridge escapes nothing there."""
    plain = _plain(value)
    return plain if isinstance(plain, str) else to_json_str(plain)


def _in_text(value: Any) -> str:
    """Return a value within a line. Objects and lists lose their quotes."""
    plain = _plain(value)
    if isinstance(plain, str):
        return json.dumps(plain, ensure_ascii=False)[1:-1]
    return to_json_str(plain).replace('"', "")


def _plain(value: Any) -> Any:
    return event_time_to_time_string(value) if isinstance(value, datetime) else value
