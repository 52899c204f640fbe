"""Finds out, once, which isolation this machine allows."""

import functools
import logging
import os
import sys

from pipeline_emulator.lambda_runtime import event_loop
from pipeline_emulator.lambda_runtime.process import probe
from pipeline_emulator.sandbox.protocol import Isolation

LOG = logging.getLogger(__name__)

VARIABLE = "LAMBDA_PROCESS_ISOLATION"
_EFFECT = {
    Isolation.NAMESPACES: "read-only file system, private /tmp, own process namespace",
    Isolation.USER_NAMESPACES: "read-only file system, private /tmp, own process namespace",
    Isolation.PROCESS_GROUP: "own process group; TMPDIR and file permissions instead of /tmp and a read-only mount",
}


@functools.cache
def isolation() -> Isolation:
    """Return the isolation in use: the one in LAMBDA_PROCESS_ISOLATION, else the strongest that works."""
    wanted = os.environ.get(VARIABLE, "")
    chosen, reasons = _named(wanted) if wanted else _best()
    weaker = sys.platform == "linux" and chosen is Isolation.PROCESS_GROUP and not wanted
    level = logging.WARNING if weaker else logging.INFO
    LOG.log(level, "Lambda isolation: %s (%s)%s", chosen, _EFFECT[chosen], "".join(f"; {reason}" for reason in reasons))
    return chosen


def _named(wanted: str) -> tuple[Isolation, list[str]]:
    names = {value.replace(" ", "-"): value for value in Isolation}
    if wanted not in names:
        raise RuntimeError(f"{VARIABLE}={wanted} is unknown: use one of {', '.join(names)}, or leave it unset")
    return names[wanted], []


def _best() -> tuple[Isolation, list[str]]:
    reasons: list[str] = []
    if sys.platform == "linux":
        for candidate in (Isolation.NAMESPACES, Isolation.USER_NAMESPACES):
            # Two attempts: a machine may be too busy for a moment, and the choice is final.
            refusal = event_loop.run(probe(candidate)) and event_loop.run(probe(candidate))
            if refusal is None:
                return candidate, reasons if os.geteuid() == 0 else []  # only root expects namespaces to work
            reasons.append(refusal)
    return Isolation.PROCESS_GROUP, reasons
