"""`python -m harness` is `pipeline`."""

from harness.cli import main

if __name__ == "__main__":
    main()
