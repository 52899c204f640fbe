"""`pipeline`, which is also `python -m harness`: Ctrl-C shows no traceback, not even while Python still imports."""

from __future__ import annotations

import sys

from harness.errors import EXIT_INTERRUPTED


def main() -> None:
    """Run the command."""
    try:
        from harness.cli import main as command

        command()
    except KeyboardInterrupt:  # before the command could handle it
        print("\ninterrupted", file=sys.stderr)
        sys.exit(EXIT_INTERRUPTED)


if __name__ == "__main__":
    main()
