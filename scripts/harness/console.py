"""Output for the user: steps with their time, errors with the next step. Only machine-readable results go to stdout."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

# A long step shows that it is alive: continuously on a terminal, at this interval in a log.
HEARTBEAT_SECONDS = 15.0
_outer = threading.local()
_wording: list[Callable[[str], str]] = []
_followers: list[Callable[[Step, bool], None]] = []


def word(change: Callable[[str], str]) -> None:
    """Pass every later message through a function, which names commands as the user calls them."""
    _wording[:] = [change]


def worded(text: str) -> str:
    """Return a message that names commands as the user calls them."""
    return _wording[0](text) if _wording else text


class Step:
    """A running step; `note` updates its progress.

    Attributes:
        title: what is being done.
        detail: its progress, as text.
        done: its progress, as a number, if it counts something.
        aside: what another thread is doing at the same time.
        result: its outcome.
        started: time.monotonic() at its start.
    """

    def __init__(self, title: str) -> None:
        self.title = title
        self.detail = ""
        self.done = 0
        self.aside = ""
        self.result = ""
        self.started = time.monotonic()

    @property
    def seconds(self) -> float:
        """Time since the step began, in seconds."""
        return time.monotonic() - self.started

    def note(self, detail: str) -> None:
        """Set the progress, as text."""
        self.detail = detail

    def line(self, digits: int = 0) -> str:
        """Return the step as one line of rich markup."""
        # A program's own progress is in columns, and this is one line.
        text = "; ".join(" ".join(part.split()) for part in (self.detail, self.aside) if part)
        detail = f": [dim]{escape(text)}[/dim]" if text else ""
        return f"{escape(self.title)}{detail} [dim]({self.seconds:.{digits}f} s)[/dim]"


class _Inner(Step):
    """A step shown on the line of another thread's step."""

    def __init__(self, title: str, outer: Step) -> None:
        super().__init__(title)
        self._show = outer
        self.note("")

    def note(self, detail: str) -> None:
        super().note(detail)
        self._show.aside = f"{self.title} {detail}".rstrip()


@contextmanager
def beside(outer: Step) -> Iterator[None]:
    """Show this thread's steps on the line of another thread's step, not on separate lines."""
    _outer.step = outer
    try:
        yield
    finally:
        outer.aside = ""
        del _outer.step


@contextmanager
def followed(take: Callable[[Step, bool], None]) -> Iterator[None]:
    """Call a function at the end of each step in a block, with the step and whether it failed."""
    _followers.append(take)
    try:
        yield
    finally:
        _followers.remove(take)


def _ended(step: Step, *, failed: bool) -> None:
    for take in _followers:
        take(step, failed)


@contextmanager
def step(title: str) -> Iterator[Step]:
    """Show a step while it runs, and its time when it ends.

    Args:
        title: what is being done, as the user would say it.

    Yields:
        The step; its `result`, if set, is printed after the title at the end.
    """
    if outer := getattr(_outer, "step", None):
        yield _Inner(title, outer)
        return
    current = Step(title)
    ended = threading.Event()
    with err.status(current.line()) if err.is_terminal else _no_status() as status:

        def beat() -> None:
            last = time.monotonic()
            while not ended.wait(0.2):
                if status is not None:
                    status.update(current.line())
                elif time.monotonic() - last >= HEARTBEAT_SECONDS:
                    last = time.monotonic()
                    err.print(f"  … {current.line()}")

        thread = threading.Thread(target=beat, daemon=True)
        thread.start()
        try:
            yield current
        except BaseException:
            err.print(f"[red]✗[/red] {current.line(digits=1)}")  # how far it came, too
            _ended(current, failed=True)
            raise
        finally:
            ended.set()
            thread.join()
    _ended(current, failed=False)
    result = f": {escape(current.result)}" if current.result else ""
    err.print(f"[green]✓[/green] {escape(title)}{result} [dim]({current.seconds:.1f} s)[/dim]")


@contextmanager
def _no_status() -> Iterator[None]:
    yield None


def say(text: str) -> None:
    """Print a line of plain text for the user (stderr, so that stdout stays machine-readable)."""
    err.print(escape(worded(text)))


def pairs(rows: Sequence[tuple[str, str]]) -> None:
    """Print names and values in two columns. Values are never cut, because users copy them."""
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        out.print(f"  {escape(name):<{width}}  {escape(value)}")


def warn(text: str) -> None:
    """Print a warning."""
    err.print(f"[yellow]![/yellow] {escape(worded(text))}")


def fail(cause: str, next_step: str) -> None:
    """Print an error: its cause and the next step."""
    err.print(f"[bold red]error:[/bold red] {escape(worded(cause))}")
    err.print(f"[bold]next:[/bold]  {escape(worded(next_step))}")
