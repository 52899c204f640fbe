"""FilterCriteria: which records a function receives.

"Using event filtering with a Kinesis event source"
(https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis-filtering.html): a pattern on `data` sees the record's JSON;
a record whose data is no JSON, or nested too deeply to be read, does not match it. Unlike core, the function gets the
record's own bytes, not a re-serialized copy.
"""

import base64
import json
from collections.abc import Sequence
from typing import Any

from localstack.utils.event_matcher import matches_event


class RecordFilter:
    """Decides by the patterns of a mapping; without patterns everything passes."""

    def __init__(self, patterns: Sequence[dict[str, Any]]) -> None:
        """Use `patterns`, of which any one is enough to match."""
        self._patterns = patterns

    def matches(self, event: dict[str, Any]) -> bool:
        """Return whether `event`, in the shape the function would receive, passes."""
        if not self._patterns:
            return True
        view = event | event["kinesis"]
        try:
            data = json.loads(base64.b64decode(event["kinesis"]["data"]))
        except (ValueError, RecursionError):
            return any("data" not in pattern and matches_event(pattern, view) for pattern in self._patterns)
        return any(matches_event(pattern, view | {"data": data}) for pattern in self._patterns)
