"""The command group: its help lists the commands by section."""

from __future__ import annotations

from importlib.metadata import entry_points

import click

# Other packages add commands through this group of entry points.
PLUGINS = "pipeline.commands"
SECTIONS = ("Everyday", "Prove", "Deploy", "Develop", "Measure")
SHORT = {"up": "local-up", "down": "local-down", "status": "local-status", "logs": "local-logs"}
OF_PLUGINS = "Develop"  # for commands without a section


class Sections(click.Group):
    """A group whose commands each belong to a section; they are listed in the order in which they were added."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.sections: dict[str, list[str]] = {section: [] for section in SECTIONS}
        self._plugins_added = False

    def add(self, section: str, *commands: click.Command) -> None:
        """Adds commands to a section."""
        for command in commands:
            self.add_command(command)
            self.sections[section].append(command.name or "")

    def add_plugins(self) -> None:
        """Adds the commands of other packages once; an attribute `section` of a command names its section.

        Not at import: the packages import this one.
        """
        if self._plugins_added:
            return
        self._plugins_added = True
        for found in sorted(entry_points(group=PLUGINS), key=lambda each: each.name):
            command = found.load()
            self.add(getattr(command, "section", OF_PLUGINS), command)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command with a name, including those of other packages; `up` is short for `local-up`, and so on."""
        cmd_name = SHORT.get(cmd_name, cmd_name)
        if cmd_name not in self.commands:
            self.add_plugins()
        return super().get_command(ctx, cmd_name)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Every command, section by section."""
        self.add_plugins()
        return [name for names in self.sections.values() for name in names]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes a table for each section."""
        shown = {name: self.commands[name] for name in self.list_commands(ctx) if not self.commands[name].hidden}
        for section, names in self.sections.items():
            rows = [(name, shown[name].get_short_help_str(limit=200)) for name in names if name in shown]
            if rows:
                with formatter.section(section):
                    formatter.write_dl(rows, col_max=max(map(len, shown)))


def in_section(section: str) -> type[click.Command]:
    """The class of a plugin's commands that belong to a section: `@click.command(cls=in_section("Prove"))`."""
    return type("Command", (click.Command,), {"section": section})
