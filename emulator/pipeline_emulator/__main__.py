"""`pipeline-emulator`, which is also `python -m pipeline_emulator`: Ctrl-C during the imports shows no traceback."""

import sys

EXIT_INTERRUPTED = 130


def main() -> None:
    """Run the command."""
    try:
        from pipeline_emulator.launcher.cli import main as command

        command()
    except KeyboardInterrupt:  # before the command could handle it
        print("\ninterrupted", file=sys.stderr)
        sys.exit(EXIT_INTERRUPTED)


if __name__ == "__main__":
    main()
