"""What training tells the user: its progress, and errors without a traceback."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class TrainingError(Exception):
    """Training cannot continue; the message names the cause and the next step."""


class DataError(TrainingError):
    """The training data is unusable; the message lists the errors and where they are."""


@contextmanager
def step(name: str) -> Iterator[Callable[[str], None]]:
    """Print the step's name, duration and note once it is done; a failed step prints nothing."""
    notes: list[str] = []
    started = time.monotonic()
    yield notes.append
    print(f"  {name:<28}{time.monotonic() - started:6.1f} s  {'; '.join(notes)}".rstrip(), flush=True)
