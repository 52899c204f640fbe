"""Finds out, once, which isolation this machine allows."""

import functools
import logging
import os
import sys
import threading
from collections.abc import Sequence

from pipeline_emulator.lambda_runtime import event_loop
from pipeline_emulator.lambda_runtime.process import probe
from pipeline_emulator.sandbox.protocol import Isolation

LOG = logging.getLogger(__name__)

VARIABLE = "LAMBDA_PROCESS_ISOLATION"
_finding = threading.Lock()  # one probe and one line in the log, for all who ask
_SANDBOX = "the function sees its code, the interpreter and system programs, a private /tmp and its own processes"
_EFFECT = {
    Isolation.NAMESPACES: f"{_SANDBOX}; a user of its own, no capabilities",
    Isolation.USER_NAMESPACES: f"{_SANDBOX}; no capabilities",
    Isolation.PROCESS_GROUP: "no sandbox: the function can read, write and signal what the emulator can",
}


def description(chosen: Isolation, reasons: Sequence[str] = ()) -> str:
    """Return one line: the level's name, what it means, and why a stronger one does not work."""
    return f"{chosen} ({_EFFECT[chosen]})" + "".join(f"; {reason}" for reason in reasons)


def isolation() -> Isolation:
    """Return the isolation in use: the one in LAMBDA_PROCESS_ISOLATION, else the strongest that works."""
    return _found()[0]


def line() -> str:
    """Return `description` of the isolation in use."""
    return description(*_found())


def _found() -> tuple[Isolation, list[str]]:
    with _finding:
        return _find()


@functools.cache
def _find() -> tuple[Isolation, list[str]]:
    wanted = os.environ.get(VARIABLE, "")
    chosen, reasons = _named(wanted) if wanted else _best()
    weaker = sys.platform == "linux" and chosen is Isolation.PROCESS_GROUP and not wanted
    LOG.log(logging.WARNING if weaker else logging.INFO, "Lambda isolation: %s", description(chosen, reasons))
    return chosen, reasons


def candidates(wanted: str) -> list[Isolation]:
    """Return the levels to try, best first: the named one, or every one that this user may have.

    Root always gets `namespaces`: with user namespaces alone, its functions would be root outside them.

    Raises:
        RuntimeError: there is no level of that name.
    """
    names = {value.replace(" ", "-"): value for value in Isolation}
    if wanted and wanted not in names:
        raise RuntimeError(f"{VARIABLE}={wanted} is unknown: use one of {', '.join(names)}, or leave it unset")
    best = Isolation.NAMESPACES if os.geteuid() == 0 else Isolation.USER_NAMESPACES
    if wanted:
        return [Isolation.PROCESS_GROUP if names[wanted] is Isolation.PROCESS_GROUP else best]
    return [best, Isolation.PROCESS_GROUP] if sys.platform == "linux" else [Isolation.PROCESS_GROUP]


def _named(wanted: str) -> tuple[Isolation, list[str]]:
    return candidates(wanted)[0], []


def _best() -> tuple[Isolation, list[str]]:
    best, *weaker = candidates("")
    if not weaker:
        return best, []
    # Two attempts: a machine may be too busy for a moment, and the choice is final.
    refusal = event_loop.run(probe(best)) and event_loop.run(probe(best))
    return (best, []) if refusal is None else (weaker[0], [refusal])
