"""Order within a partition key, as far as the streams can tell it (docs/ledger.md, "Order")."""

from __future__ import annotations

from collections.abc import Iterable

from harness.ledger.entries import Entry


def judge(entries: Iterable[Entry]) -> int:
    """Finds the events that arrived late and marks them.

    Events are compared with those of the same source partition key and the same output partition key: each stream
    keeps the order of one key. Only first predictions count: a retry may repeat what has been delivered.

    Args:
        entries: all events of a run; `late` is set on each.

    Returns:
        How many first predictions came after that of an event which the source stream took later.
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
