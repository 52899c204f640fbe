"""`python -m harness <command>`: what the Makefile's targets call."""

from harness.cli import main

if __name__ == "__main__":
    main()
