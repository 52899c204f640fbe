"""What the user sees: steps with their time, errors with the next step. Machine-read results alone go to stdout."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

# A long step says that it is alive: all the time on a terminal, every few seconds in a log.
HEARTBEAT_SECONDS = 15.0
_outer = threading.local()


class Step:
    """One step under way; `note` tells how far it has come.

    Attributes:
        title: what is being done.
        detail: how far it has come.
        done: the same as a number, where it counts something.
        aside: what another thread does meanwhile.
        result: what came of it.
        started: time.monotonic() at its begin.
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
        """Says how far the step has come."""
        self.detail = detail

    def line(self) -> str:
        """The step as one line of rich markup."""
        told = "; ".join(part for part in (self.detail, self.aside) if part)
        detail = f" [dim]{escape(told)}[/dim]" if told else ""
        return f"{escape(self.title)}{detail} [dim]{self.seconds:.0f} s[/dim]"


class _Inner(Step):
    """A step that is told beside another one, on that one's line."""

    def __init__(self, title: str, outer: Step) -> None:
        super().__init__(title)
        self._show = outer
        self.note("")

    def note(self, detail: str) -> None:
        super().note(detail)
        self._show.aside = f"{self.title} {detail}".rstrip()


@contextmanager
def beside(outer: Step) -> Iterator[None]:
    """Tells the steps of this thread beside one that another thread shows, and not on lines of their own."""
    _outer.step = outer
    try:
        yield
    finally:
        outer.aside = ""
        del _outer.step


@contextmanager
def step(title: str) -> Iterator[Step]:
    """Shows a step while it runs and its time when it ends.

    Args:
        title: what is being done, as the user would say it.

    Yields:
        The step, whose `result` (if set) is printed behind the title at the end.
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
            err.print(f"[red]✗[/red] {escape(title)} [dim]({current.seconds:.1f} s)[/dim]")
            raise
        finally:
            ended.set()
            thread.join()
    result = f": {escape(current.result)}" if current.result else ""
    err.print(f"[green]✓[/green] {escape(title)}{result} [dim]({current.seconds:.1f} s)[/dim]")


@contextmanager
def _no_status() -> Iterator[None]:
    yield None


def say(text: str) -> None:
    """Prints a line of plain text for the user (stderr, so that stdout stays machine-readable)."""
    err.print(escape(text))


def pairs(rows: Sequence[tuple[str, str]]) -> None:
    """Prints names and values in two columns, the values whole: a user copies them."""
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        out.print(f"  {escape(name):<{width}}  {escape(value)}")


def warn(text: str) -> None:
    """Prints a warning."""
    err.print(f"[yellow]![/yellow] {escape(text)}")


def fail(cause: str, next_step: str) -> None:
    """Prints an error: its cause and the next step."""
    err.print(f"[bold red]error:[/bold red] {escape(cause)}")
    err.print(f"[bold]next:[/bold]  {escape(next_step)}")
