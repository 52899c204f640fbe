"""Options: each has a help text and a make variable, and several commands share some of them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from harness.errors import HarnessError

type Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]
Callback = Callable[[click.Context, click.Parameter, Any], Any]


def option(*names: str, envvar: str, **settings: Any) -> Decorator:
    """An option that is also read from a make variable, which its help names."""
    return click.option(*names, envvar=envvar, show_envvar=True, **settings)


def setting(*names: str, envvar: str, values: tuple[str, ...] = (), **settings: Any) -> Decorator:
    """An option that sets an environment variable, for this command and for what it starts.

    Args:
        names: as click takes them.
        envvar: the variable.
        values: those that it may have; empty if the command checks them.
        settings: of click's option.
    """

    def export(context: click.Context, parameter: click.Parameter, value: Any) -> None:
        if values and value not in (None, "", *values):
            cause = f"{_as_given(context, parameter)}{value} is unknown"
            raise HarnessError(cause, f"use one of: {', '.join(values)}")
        if value not in (None, False):
            os.environ[envvar] = "1" if value is True else str(value)

    return option(*names, envvar=envvar, callback=export, expose_value=False, **settings)


def number(kind: Callable[[Any], float]) -> Callback:
    """A callback that only accepts numbers above 0; whole ones if they are to be integers."""
    what = "a whole number" if kind is int else "a number"

    def parse(context: click.Context, parameter: click.Parameter, text: Any) -> float | None:
        if text in (None, ""):
            return None
        try:
            value = kind(text)
        except ValueError:
            value = -1
        if not 0 < value < float("inf"):
            name = _as_given(context, parameter)
            raise HarnessError(f"{name}{text} is not {what} above 0", f"for example: {name}100")
        return value

    return parse


def port(context: click.Context, parameter: click.Parameter, text: str) -> int:
    """A callback that only accepts port numbers; 0 is any free port."""
    if not (text.isascii() and text.isdecimal() and int(text) < 2**16):
        raise HarnessError(
            f"{_as_given(context, parameter)}{text} is not a port number", "use a number from 0 to 65535"
        )
    return int(text)


def _seed(context: click.Context, parameter: click.Parameter, text: str | None) -> int | None:
    if text and not text.removeprefix("-").isdecimal():
        name = _as_given(context, parameter)
        raise HarnessError(
            f"{name}{text} is not a whole number", f"for example: {name}7; without it, a seed is chosen for you"
        )
    return int(text) if text else None


def _as_given(context: click.Context, parameter: click.Parameter) -> str:
    """The user's spelling of a parameter: `COUNT=` or `--count `."""
    given = context.get_parameter_source(parameter.name or "")
    return f"{parameter.envvar}=" if given is click.core.ParameterSource.ENVIRONMENT else f"{parameter.opts[-1]} "


def count(default: int, what: str = "Number of events.") -> Decorator:
    """COUNT."""
    return option(
        "--count", envvar="COUNT", type=str, default=default, show_default=True, callback=number(int), metavar="NUMBER",
        help=what,
    )  # fmt: skip


def rate(default: str) -> Decorator:
    """RATE."""
    return option(
        "--rate", envvar="RATE", callback=number(float), metavar="NUMBER", show_default=default,
        help="Events per second.",
    )  # fmt: skip


def flag(name: str, *, envvar: str, help: str) -> Decorator:  # noqa: A002 - click's own name
    """An option without a value."""
    return option(name, envvar=envvar, is_flag=True, help=help)


def file(name: str, *, envvar: str, help: str, show_default: str) -> Decorator:  # noqa: A002 - click's own name
    """An option that names a file."""
    kind = click.Path(path_type=Path)
    return option(name, envvar=envvar, type=kind, metavar="FILE", help=help, show_default=show_default)


seed = option(
    "--seed", envvar="SEED", callback=_seed, metavar="NUMBER", show_default="chosen at random",
    help="Seed of the schedule. The same seed repeats the same run.",
)  # fmt: skip
