"""The check that every attribute gets: does a fresh read return the value that was set? Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.fidelity.attributes import Attribute, Instance, read

SHOWN = 60  # characters of a value


def differences(
    planned: Sequence[Instance], applied: Mapping[str, Mapping[str, Any]], again: Mapping[str, Mapping[str, Any]]
) -> dict[Attribute, str]:
    """Compares what was set with what was read.

    Args:
        planned: the resources with the values that are set.
        applied: the state's values by address, used if the plan did not know a value yet.
        again: what a provider without state reads, by address; None if it found no such resource.

    Returns:
        For each attribute, what was read instead; empty if every resource returned the value.
    """
    found: dict[Attribute, str] = {}
    for instance in planned:
        for path, known in instance.values.items():
            keys = tuple(path.split("."))
            wanted = read(applied[instance.address], keys) if known is None else known
            got = read(again.get(instance.address), keys)
            attribute = Attribute(instance.resource, path)
            if wanted != got:
                found[attribute] = found.get(attribute) or f"read as {_short(got)}"
            else:
                found.setdefault(attribute, "")
    return found


def _short(values: Sequence[str]) -> str:
    text = ", ".join(values) or "nothing"
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
