"""Failed events, denials and faults: what went wrong, and what was switched on to go wrong."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from harness import failed
from harness.dashboard import way
from harness.dashboard.local import Local
from harness.errors import HarnessError
from harness.failed.journal import Journal
from harness.stack import denials, emulator_faults

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MOST_EVENTS = 200
# Two redrives at once would put the same events twice.
_redriving = threading.Lock()
DELAYS = tuple(("seconds", effect) for effect in ("crash", "out-of-memory", "timeout"))
ABOUT = {
    "crash function": "The function's process ends during each event.",
    "function out of memory": "The function's process is killed as if it used too much memory.",
    "function times out": "Each invocation ends as if it had reached its timeout.",
    "slow model": "Each answer comes 0.4 s late.",
    "lose answer of function": "The mapping does not get the function's answer, and sends the batch again.",
    "throttle function": "Lambda refuses each invocation with TooManyRequestsException.",
    "throttle output": "Half of the function's PutRecords calls are refused.",
    "throttle some of output": "3 of 10 output records are refused.",
    "lose answer of output": "Output records are stored, but the function gets an error.",
    "throttle reads": "The mapping's reads of the source stream are refused.",
    "refuse failed events": "Half of the writes to the failed-events bucket are refused.",
    "refuse model at start": "The function's process ends, and half of its reads of the model are refused.",
}


def failures(local: Local) -> dict[str, Any]:
    """Return the failed events: counts by reason, the newest events, and objects that cannot be read."""
    bucket = local.stack.resources.failed_events
    if bucket is None:
        return {"bucket": None, "total": 0, "reasons": [], "events": [], "unreadable": []}
    journal = Journal(local.s3, bucket)
    found = list(failed.objects(local.s3, bucket))
    events = sorted((event for each in found for event in each.events), key=lambda event: event.failed_at)
    counted = Counter((event.kind, event.code) for event in events)
    return {
        "bucket": bucket,
        "total": len(events),
        "reasons": [{"kind": kind, "reason": code, "events": n} for (kind, code), n in counted.most_common()],
        "events": [
            asdict(event) | {"data": way.shown(event.data), "kind": event.kind, "redrives": len(journal.history(event))}
            for event in reversed(events[-MOST_EVENTS:])
        ],
        "unreadable": [{"key": each.key, "problem": each.problem} for each in found if each.problem],
    }


def number_failed(s3: S3Client, bucket: str) -> int:
    """Return the number of objects in a failed-events bucket, at most 1,000 of each kind."""
    return sum(
        s3.list_objects_v2(Bucket=bucket, Prefix=each)["KeyCount"] for each in (failed.INVALID, failed.DISCARDED)
    )


def redrive(local: Local, keys: Any) -> dict[str, Any]:
    """Put failed events back on the source stream.

    Args:
        local: the stack.
        keys: of the objects; None for all.

    Raises:
        HarnessError: another redrive runs, or `keys` is no list of texts.
    """
    if keys is not None and not (isinstance(keys, list) and all(isinstance(key, str) for key in keys)):
        raise HarnessError("keys must be a list of object keys, or null for all", "load the page again")
    if not _redriving.acquire(blocking=False):
        raise HarnessError("a redrive is running", "wait until it has ended, then try again")
    try:
        source, bucket = local.stack.resources.source_stream, failed.bucket_of(local.stack)
        # With the page's own clients: new ones would take 10 MB.
        done = failed.redrive_bucket(local.kinesis, local.s3, source, bucket, keys=None if keys is None else set(keys))
    finally:
        _redriving.release()
    return {"events": done.events, "again": done.again, "doubtful": done.doubtful, "unreadable": len(done.unreadable)}


def denied(local: Local) -> dict[str, Any]:
    """Return what IAM refused since LocalStack's start, newest first."""
    mode, found = denials.read(local.stack)
    newest = sorted(found, key=lambda each: each.last, reverse=True)
    return {"mode": mode, "denials": [asdict(each) for each in newest]}


def faults(local: Local) -> list[dict[str, Any]]:
    """Return the faults that this pipeline can have, and how often those in force have struck."""
    in_force = emulator_faults.request(local.stack, "GET")["rules"]
    rows = []
    for name in emulator_faults.RULES:
        rules = _rules(local, name)
        struck = [each["struck"] for each in in_force if any(rule.items() <= each.items() for rule in rules)]
        if rules:
            rows.append({"name": name, "about": ABOUT[name], "on": len(struck) == len(rules), "struck": sum(struck)})
    return rows


def switch(local: Local, name: Any, *, on: bool) -> list[dict[str, Any]]:
    """Switch a fault on until it is switched off, besides those that are on; return all.

    Raises:
        HarnessError: there is no such fault.
    """
    if name not in emulator_faults.RULES:
        raise HarnessError(f"there is no fault {name!r}", "load the page again")
    in_force = emulator_faults.request(local.stack, "GET")["rules"]
    rules = _rules(local, name)
    others = [each for each in in_force if not any(rule.items() <= each.items() for rule in rules)]
    kept = [{key: value for key, value in each.items() if key != "struck"} for each in others]
    emulator_faults.request(local.stack, "PUT", {"seed": 0, "rules": [*kept, *(rules if on else [])]})
    return faults(local)


def _rules(local: Local, name: str) -> list[dict[str, Any]]:
    """Return a fault's rules for this pipeline, as a person wants them.

    Without their count, because a person watches longer than a test; and without the time until a death, in which a
    quick function would have answered.
    """
    rules = (rule for rule in emulator_faults.RULES[name] if emulator_faults.applies(rule, local.stack))
    named = (emulator_faults.named(rule, local.stack) for rule in rules)
    return [
        {key: value for key, value in rule.items() if key != "count" and (key, rule["effect"]) not in DELAYS}
        for rule in named
    ]
