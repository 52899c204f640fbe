"""Order within a partition key, as far as the streams show it (docs/delivery.md, "Order")."""

from __future__ import annotations

from collections.abc import Iterable

from harness.ledger.entries import Entry


def judge(entries: Iterable[Entry]) -> int:
    """Find and mark the events that arrived late.

    Events are compared if they share both the source and the output partition key, because each stream keeps the order
    of a key. Only first predictions count: a retry may repeat what was delivered before.

    Args:
        entries: all events of a run; `late` is set on each.

    Returns:
        The number of first predictions that came after that of an event which the source stream received later.
    """
    groups: dict[str | tuple[str, str], list[Entry]] = {}
    for entry in entries:
        entry.late = False
        if entry.predictions:
            key = entry.put.key
            groups.setdefault(key if key == entry.output_key else (key, entry.output_key), []).append(entry)
    return sum(_judge_group(group) for group in groups.values() if len(group) > 1)


def _judge_group(group: list[Entry]) -> int:
    group.sort(key=lambda entry: entry.position)
    latest, late = -1, 0
    for entry in group:
        sequence = entry.put.sequence
        entry.late = sequence < latest
        late += entry.late
        latest = max(latest, sequence)
    return late
