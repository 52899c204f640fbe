"""Events that are in the source stream twice, because the answer to a put was lost and it was repeated."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from harness.ledger.entries import Answer, Entry


def match(unknown: Sequence[Answer], entries: Iterable[Entry], version: str | None) -> list[Answer]:
    """Finds the predictions of second records of events that were put more than once, and counts them.

    A producer never learns the event id of a record whose acknowledgement was lost: what tells a prediction of it is
    its sales_id, its value and its model version, which must be those of an event whose put was repeated.

    Args:
        unknown: predictions whose event id no acknowledgement has named.
        entries: all events of a run; `copies` is counted up.
        version: the model version that every prediction must name, if given.

    Returns:
        The predictions that are of no such event.
    """
    repeated: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.put.repeated and entry.predictions:
            repeated.setdefault(entry.output_key, []).append(entry)
    left = []
    owners: dict[str, Entry] = {}  # event id of a copy to its event: a copy may be delivered again, too
    for answer in unknown:
        owner = owners.get(answer.event_id) or _owner(answer, repeated.get(answer.key, ()), version)
        if owner is None:
            left.append(answer)
            continue
        owners[answer.event_id] = owner
        owner.copies += 1
    return left


def _owner(answer: Answer, candidates: Sequence[Entry], version: str | None) -> Entry | None:
    """The event that an answer fits; of several equal ones that with the fewest copies."""
    fitting = [entry for entry in candidates if not entry.mistake_in(answer, version)]
    return min(fitting, key=lambda entry: entry.copies, default=None)
