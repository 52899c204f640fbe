"""Generates docs/settings.md from the command line's options and the list of environment variables."""

from __future__ import annotations

from collections.abc import Iterator

import click

from harness.cli.sections import Sections
from harness.cli.variables import VARIABLES
from harness.paths import ROOT

type Row = tuple[str, ...]

PATH = ROOT / "docs" / "settings.md"
HEAD = """# Settings

<!-- Written by `pipeline reference --write`. -->

Options of the `pipeline` command, and the equivalent make variables: `make send COUNT=100` is
`pipeline send --count 100`. Environment variables work as well; an option takes precedence.
The emulator has [its own settings](../emulator/README.md), and a stage has Terraform variables in
`infrastructure/vars/`.
"""


def text(group: click.Group) -> str:
    """The whole page."""
    assert isinstance(group, Sections)
    group.add_plugins()
    return "\n".join([HEAD, *_commands(group), *_environment()])


def _commands(group: Sections) -> Iterator[str]:
    head = ("command", "option", "make variable", "default", "what it does")
    for section, names in group.sections.items():
        commands = [group.commands[name] for name in names]
        rows = [row for command in commands if not command.hidden for row in _rows(command)]
        if rows:
            yield from _table(f"{section} commands", head, rows)


def _rows(command: click.Command) -> Iterator[Row]:
    context = click.Context(command, info_name=command.name)
    title = f"`{command.name}`"
    for parameter in command.params:
        metavar = parameter.make_metavar(context).strip("[]{}")
        default = ""
        if isinstance(parameter, click.Option):
            metavar = parameter.opts[-1] if parameter.is_flag else f"{parameter.opts[-1]} {metavar}"
            default = _default(parameter)
        variable = f"`{parameter.envvar}`" if parameter.envvar else ""
        yield title, f"`{metavar}`", variable, default, parameter.help or ""
        title = ""


def _default(option: click.Option) -> str:
    if isinstance(option.show_default, str):
        return option.show_default
    return str(option.default) if option.show_default else ""


def _environment() -> Iterator[str]:
    for title, variables in VARIABLES.items():
        rows: list[Row] = [
            (", ".join(f"`{name}`" for name in variable.name.split(", ")), variable.default, variable.effect)
            for variable in variables
        ]
        yield from _table(f"Environment: {title}", ("variable", "default", "what it does"), rows)


def _table(title: str, head: Row, rows: list[Row]) -> Iterator[str]:
    yield f"## {title}\n"
    for row in (head, ("---",) * len(head), *rows):
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"
    yield ""
