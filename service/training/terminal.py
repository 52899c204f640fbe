"""What training tells the user: its progress, and errors without a traceback."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class TrainingError(Exception):
    """Training cannot go on; the message names the cause and the next step."""


class DataError(TrainingError):
    """The training data is unusable; the message lists the places that are wrong."""


@contextmanager
def step(name: str) -> Iterator[Callable[[str], None]]:
    """Print the step's name, its seconds and what it noted, once it is done; a step that fails prints nothing."""
    notes: list[str] = []
    started = time.monotonic()
    yield notes.append
    print(f"  {name:<28}{time.monotonic() - started:6.1f} s  {'; '.join(notes)}".rstrip(), flush=True)
