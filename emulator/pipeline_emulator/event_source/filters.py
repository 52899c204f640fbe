"""FilterCriteria: selects the records and messages that a function receives.

"Using event filtering with a Kinesis event source"
(https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis-filtering.html): a pattern on `data` applies to the record's
JSON. Data that is not JSON, or is nested too deeply to parse, does not match. The function gets the record's original
bytes; core sends a re-serialized copy. Patterns for a table's stream apply to the whole record:
https://docs.aws.amazon.com/lambda/latest/dg/with-ddb-filtering.html
"""

import base64
import json
import logging
from collections.abc import Iterable, Sequence
from typing import Any

from localstack.utils.event_matcher import matches_event

LOG = logging.getLogger(__name__)


class RecordFilter:
    """The filter of a mapping; without patterns every record passes."""

    def __init__(self, patterns: Sequence[dict[str, Any]]) -> None:
        """Let records pass that match any of `patterns`."""
        self._patterns = patterns

    def matches(self, event: dict[str, Any]) -> bool:
        """Return whether `event`, as the function would receive it, passes."""
        if not self._patterns:
            return True
        if "kinesis" not in event:
            return matches_any(self._patterns, event)
        view = event | event["kinesis"]
        try:
            data = json.loads(base64.b64decode(event["kinesis"]["data"]))
        except (ValueError, RecursionError):
            return matches_any([pattern for pattern in self._patterns if "data" not in pattern], view)
        return matches_any(self._patterns, view | {"data": data})


def matches_any(patterns: Iterable[dict[str, Any]], view: dict[str, Any]) -> bool:
    """Return whether an event, as patterns see it, matches one of them."""
    return any(_matches(pattern, view) for pattern in patterns)


def _matches(pattern: dict[str, Any], view: dict[str, Any]) -> bool:
    try:
        return matches_event(pattern, view)
    except Exception:  # whatever core's engine raises: one event must not hold up a shard or a queue for ever
        LOG.exception("Comparing an event with %s failed: it does not match", pattern)
        return False
