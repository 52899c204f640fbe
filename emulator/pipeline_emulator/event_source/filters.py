"""FilterCriteria: selects the records that a function receives.

"Using event filtering with a Kinesis event source"
(https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis-filtering.html): a pattern on `data` applies to the record's
JSON. Data that is not JSON, or is nested too deeply to parse, does not match. The function gets the record's original
bytes; core sends a re-serialized copy.
"""

import base64
import json
from collections.abc import Sequence
from typing import Any

from localstack.utils.event_matcher import matches_event


class RecordFilter:
    """The filter of a mapping; without patterns every record passes."""

    def __init__(self, patterns: Sequence[dict[str, Any]]) -> None:
        """Let records pass that match any of `patterns`."""
        self._patterns = patterns

    def matches(self, event: dict[str, Any]) -> bool:
        """Return whether `event`, as the function would receive it, passes."""
        if not self._patterns:
            return True
        view = event | event["kinesis"]
        try:
            data = json.loads(base64.b64decode(event["kinesis"]["data"]))
        except (ValueError, RecursionError):
            return any("data" not in pattern and matches_event(pattern, view) for pattern in self._patterns)
        return any(matches_event(pattern, view | {"data": data}) for pattern in self._patterns)
