"""The targets to measure: this pipeline in both runtimes, and the other emulators."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from benchmarks.bench.rivals import deployed
from benchmarks.rivals import core, ministack
from harness.errors import HarnessError
from harness.local import deployment, lifecycle
from harness.machine import engine, ports
from harness.pipeline import definition
from harness.stack.state import DOCKER, EMBEDDED, Stack


@dataclass(frozen=True)
class Target:
    """One emulator that the pipeline can be deployed to.

    Attributes:
        name: what TARGETS calls it.
        title: what the report calls it.
        remark: what a reader must know about it; may be empty.
        ours: whether its failure fails `make bench`.
        open: starts a stack that has answered the sample event, and stops it.
        missing: returns what this machine lacks for it, or None.
    """

    name: str
    title: str
    remark: str
    ours: bool
    open: Callable[[], AbstractContextManager[Stack]]
    missing: Callable[[], str | None] = lambda: None


def chosen(text: str) -> list[Target]:
    """Parses a comma-separated list of targets; an empty list means all.

    Raises:
        HarnessError: a name is unknown.
    """
    pipeline = definition.current()
    known = {target.name: target for target in _all() if target.ours or pipeline.is_default}
    names = [name.strip() for name in text.split(",") if name.strip()] or list(known)
    for name in names:
        if name not in known:
            raise HarnessError(
                f"TARGETS={text}: '{name}' is unknown, or runs this repository's own pipeline only",
                f"choose from {','.join(known)}",
            )
    return [known[name] for name in dict.fromkeys(names)]


def _all() -> Sequence[Target]:
    return (
        Target(EMBEDDED, "embedded", "", ours=True, open=lambda: _ours(EMBEDDED), missing=_no_zip),
        Target(DOCKER, "docker", "", ours=True, open=lambda: _ours(DOCKER), missing=engine.missing),
        Target(
            "ministack",
            f"MiniStack {ministack.version()}",
            ministack.REMARK,
            ours=False,
            open=lambda: deployed("ministack", ministack.start),
        ),
        Target(
            "core",
            f"LocalStack core {core.version()}",
            core.REMARK,
            ours=False,
            open=lambda: deployed("core", core.start),
        ),
    )


def _no_zip() -> str | None:
    """Return why the pipeline's function cannot run without containers, or None."""
    try:
        deployment.check_form(definition.current(), EMBEDDED)
    except HarnessError as error:
        return error.cause
    return None


@contextmanager
def _ours(runtime: str) -> Iterator[Stack]:
    name = f"bench-{runtime}"
    try:
        yield lifecycle.up(name, "bench", ports.free_ports(1)[0], runtime)[0]
    finally:
        lifecycle.down(name)
