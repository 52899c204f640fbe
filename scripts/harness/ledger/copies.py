"""Events that are in the source stream twice, because a put was repeated after its response was lost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from harness.ledger.entries import Answer, Entry, Rules


def match(unknown: Sequence[Answer], entries: Iterable[Entry], rules: Rules) -> list[Answer]:
    """Find the predictions for second records of events that were put more than once, and count them.

    A producer never learns the event id of a record whose acknowledgement was lost. Its prediction is recognized by
    id and content, which must match an event whose put was repeated.

    Args:
        unknown: predictions whose event id no acknowledgement named.
        entries: all events of a run; their `copies` are counted.
        rules: of the pipeline.

    Returns:
        The predictions that match no such event.
    """
    repeated: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.put.repeated and entry.predictions:
            repeated.setdefault(entry.output_key, []).append(entry)
    left = []
    owners: dict[str, Entry] = {}  # a copy's event id to its event: a copy may be delivered twice, too
    for answer in unknown:
        owner = owners.get(answer.reference) or _owner(answer, repeated.get(answer.key, ()), rules)
        if owner is None:
            left.append(answer)
            continue
        owners[answer.reference] = owner
        owner.copies += 1
    return left


def _owner(answer: Answer, candidates: Sequence[Entry], rules: Rules) -> Entry | None:
    """Return the event that an answer matches; among equal events, the one with the fewest copies."""
    fitting = [entry for entry in candidates if not entry.mistake_in(answer, rules)]
    return min(fitting, key=lambda entry: entry.copies, default=None)
