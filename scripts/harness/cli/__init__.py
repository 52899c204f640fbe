"""The `pipeline` command. Each module holds the commands of one section of its help.

A command reads its make variables (COUNT, FILE ...) as well as its options; an option takes precedence.
"""

from harness.cli.main import main, take_signals

__all__ = ["main", "take_signals"]
