"""Starts LocalStack's core. Python looks for modules and plugins beside this file first."""

from localstack.runtime.main import main

if __name__ == "__main__":
    main()
