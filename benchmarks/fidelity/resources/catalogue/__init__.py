"""The resources: each type of the modules, and those that people put beside them."""

from __future__ import annotations

from itertools import chain

from benchmarks.fidelity.resources.catalogue import (
    events,
    functions,
    images,
    logs,
    mappings,
    messages,
    objects,
    roles,
    streams,
)

PARTS = (roles, streams, functions, mappings, logs, objects, messages, events, images)
SUBJECTS = tuple(chain.from_iterable(part.SUBJECTS for part in PARTS))
