"""https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridge.html.

Only PutEvents: functions and Lambda's destinations use it.
"""

from collections.abc import Mapping

from pipeline_emulator.arn import find_arn
from pipeline_emulator.iam.requests.call import Call, Check, Checks
from pipeline_emulator.iam.ternary import Undetermined

_DEFAULT = "default"
_KEYS = {"events:source": "Source", "events:detail-type": "DetailType"}


def put_events_checks(call: Call) -> Checks:
    """Return the check on the event bus of each entry, which names it by name or ARN, or not at all."""
    entries = call.parameters.get("Entries")
    found = [_check(call, each) for each in entries if isinstance(each, Mapping)] if isinstance(entries, list) else []
    return found or Undetermined("events:PutEvents has no entries")


def _check(call: Call, entry: Mapping[str, object]) -> Check:
    named = str(entry.get("EventBusName") or _DEFAULT)
    bus = named if find_arn(named) else call.arn("events", f"event-bus/{named}")
    values = {key: str(value) for key, name in _KEYS.items() if (value := entry.get(name))}
    return Check("events:PutEvents", bus, values, frozenset(_KEYS))
