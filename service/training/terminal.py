"""What training tells the user: its progress, and errors without a traceback."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class TrainingError(ValueError):
    """Training cannot continue; the message names the cause."""

    next_step = "fix it, then train again"


class DataError(TrainingError):
    """The training data is unusable; the message lists the errors and where they are."""


class CheckError(ValueError):
    """A model does not pass a check.

    Attributes:
        next_step: what to do about it.
    """

    def __init__(self, cause: str, next_step: str) -> None:
        super().__init__(cause)
        self.next_step = next_step


@contextmanager
def step(name: str) -> Iterator[Callable[[str], None]]:
    """Print the step's name when it begins, and with its duration and note when it is done."""
    notes: list[str] = []
    started = time.monotonic()
    print(f"  {name} …", flush=True)
    yield notes.append
    print(f"  {name:<28}{time.monotonic() - started:6.1f} s  {'; '.join(notes)}".rstrip(), flush=True)
