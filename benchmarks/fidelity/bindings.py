"""Binds probes to the attributes whose effect they test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.fidelity.attributes import Attribute
from benchmarks.fidelity.bench import Bench
from benchmarks.fidelity.verdicts import Seen

Run = Callable[[Bench], Seen]


@dataclass(frozen=True)
class Probe:
    """A function that changes an attribute's value and looks for the difference that AWS documents.

    Attributes:
        run: makes what it needs on the bench and returns what it saw.
        attributes: the attributes whose effect it tests.
    """

    run: Run
    attributes: tuple[Attribute, ...]

    @property
    def name(self) -> str:
        """The module's and the function's name; function names alone may repeat across modules."""
        return f"{self.run.__module__.rpartition('.')[2]}.{self.run.__name__}"


PROBES: list[Probe] = []
# Cases of benchmarks/conformance/suite, by the end of their node id. What they test is not probed again.
CASES: dict[str, tuple[Attribute, ...]] = {}
UNPROBED: dict[Attribute, str] = {}


def probe(resource: str, *paths: str) -> Callable[[Run], Run]:
    """Binds a probe to attributes; repeat the decorator for several resource types.

    Args:
        resource: the resource's type.
        paths: of its attributes.
    """

    def register(run: Run) -> Run:
        bound = tuple(Attribute(resource, path) for path in paths)
        for index, known in enumerate(PROBES):
            if known.run is run:
                PROBES[index] = Probe(run, known.attributes + bound)
                return run
        PROBES.append(Probe(run, bound))
        return run

    return register


def case(test: str, resource: str, *paths: str) -> None:
    """Binds a conformance case to attributes.

    Args:
        test: end of its node id, `test_file.py::test_name`.
        resource: the resource's type.
        paths: of its attributes.
    """
    CASES[test] = CASES.get(test, ()) + tuple(Attribute(resource, path) for path in paths)


def unprobed(resource: str, path: str, why: str) -> None:
    """Records why a run cannot test an attribute's effect; its class then follows from the fresh read alone.

    Args:
        resource: the resource's type.
        path: the attribute's.
        why: in a few words.
    """
    UNPROBED[Attribute(resource, path)] = why
