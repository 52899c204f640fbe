"""Words like COUNT=100 on the command line: they are variables, as in a call of make. Unknown ones are reported."""

from __future__ import annotations

import difflib
import os
import re
import shlex
from collections.abc import Iterable

import click

from harness import console
from harness.cli.variables import VARIABLES
from harness.machine.environment import EMULATOR_SETTINGS

_WORD = re.compile(r"(?P<name>[A-Z][A-Z0-9_]*)=(?P<value>.*)", re.DOTALL)
# Prefixes of variables that other programs read: AWS's clients, Terraform, make's own, and the tests.
_OF_OTHERS = ("AWS_", "TF_", "MAKE", "PIP_", "UV_", "DOCKER_", "PIPELINE_", "LAMBDA_", "KINESIS_", "MLFLOW_", "PYTEST_")


def split(words: Iterable[str]) -> tuple[list[str], list[str]]:
    """Put words like COUNT=100 in the environment, as make does.

    Returns:
        The other words, and the names of the variables.
    """
    found = [(word, _WORD.fullmatch(word)) for word in words]
    os.environ.update({each["name"]: each["value"] for _, each in found if each})
    return [word for word, each in found if not each], [each["name"] for _, each in found if each]


def check(context: click.Context) -> None:
    """Refuse a variable that may be a misspelt one, and warn of one that the command does not read.

    Args:
        context: of the group; its object is the names from `split`.

    Raises:
        click.UsageError: nothing reads a variable of such a name, and another has nearly the same.
    """
    name = context.invoked_subcommand or ""
    group = context.command
    assert isinstance(group, click.Group)
    read = _general() | _read_by(group.get_command(context, name))
    for variable in (*(context.obj or ()), *_of_make()):
        if variable not in read and not variable.startswith(_OF_OTHERS):
            _report(variable, name, group, context)


def _report(variable: str, command: str, group: click.Group, context: click.Context) -> None:
    others = [group.get_command(context, name) for name in group.list_commands(context)]
    if variable in {name for other in others for name in _read_by(other, settings=True)}:
        return  # a setting of the stack; it does no harm with other commands
    every = {name for other in others for name in _read_by(other)}
    if variable not in every and (near := difflib.get_close_matches(variable, {*every, *_general()}, 1)):
        raise click.UsageError(f"there is no variable {variable}; did you mean {near[0]}?")
    console.warn(f"{command} does not read {variable}, so it has no effect")


def _of_make() -> list[str]:
    """Return the names of the variables in make's own command line; make passes it on in MAKEFLAGS."""
    _, _, words = os.environ.get("MAKEFLAGS", "").rpartition("-- ")
    try:
        found = map(_WORD.fullmatch, shlex.split(words))
    except ValueError:  # a quotation mark in a value
        return []
    return [each["name"] for each in found if each]


def _general() -> set[str]:
    documented = {name for section in VARIABLES.values() for each in section for name in each.name.split(", ")}
    return documented | set(EMULATOR_SETTINGS)


def _read_by(command: click.Command | None, *, settings: bool = False) -> set[str]:
    """Return the variables that a command's options read; with `settings`, only those that configure a stack."""
    options = [each for each in (command.params if command else ()) if not (settings and each.expose_value)]
    return {each.envvar for each in options if isinstance(each.envvar, str)}
