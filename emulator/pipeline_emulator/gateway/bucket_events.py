"""The events that a bucket sends: their keys, sequencers and request ids, and EventBridge's form of them.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html,
https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
"""

import json
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote_plus, unquote_plus

from pipeline_emulator import patches


def install() -> None:
    """Patch how core describes an event."""
    sequencers = Sequencers()

    @patches.ENCODE_KEY.wrap
    def from_request_context(original: Callable[..., Any], request_context: Any, s3_bucket: Any, s3_object: Any) -> Any:
        """Encode the key as forms do: core compares it with the filters, too."""
        event = original(request_context, s3_bucket=s3_bucket, s3_object=s3_object)
        event.key_name = quote_plus(s3_object.key, safe="/")
        event.sequencer = sequencers.take()
        return event

    @patches.NOTIFICATION.wrap
    def notification(original: Callable[..., Any], _notifier: Any, event: Any, config_id: str) -> Any:
        found = original(event, config_id)
        for record in found["Records"]:
            record["responseElements"]["x-amz-request-id"] = event.request_id
            _set_sequencer(record["s3"]["object"], event)
        return found

    @patches.EVENT_OF_BUCKET.wrap
    def event_of_bucket(original: Callable[..., Any], _notifier: Any, event: Any) -> Any:
        """Correct the detail: EventBridge gets keys as they are."""
        entry = original(event)
        detail = json.loads(entry["Detail"])
        detail["object"]["key"] = unquote_plus(event.key_name)
        _set_sequencer(detail["object"], event)
        if "reason" in detail:
            detail["reason"] = detail["reason"].rpartition(":")[2]
        return {**entry, "Detail": json.dumps(detail)}


class Sequencers:
    """Numbers events. A later event has a greater number, also after a restart."""

    def __init__(self) -> None:
        self._last = 0
        self._lock = threading.Lock()

    def take(self) -> str:
        """Return the next number, in hexadecimal digits like AWS's."""
        with self._lock:
            self._last = max(self._last + 1, time.time_ns())
            return f"{self._last:018X}"


def _set_sequencer(described: dict[str, Any], event: Any) -> None:
    """Set the sequencer of an object in an event that has one."""
    if "sequencer" in described:
        described["sequencer"] = event.sequencer
