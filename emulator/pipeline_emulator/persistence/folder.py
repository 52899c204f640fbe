"""Where the files are."""

from pathlib import Path

from localstack import config


def folder() -> Path | None:
    """Return the folder for what is to outlive LocalStack, None without PERSISTENCE=1."""
    return Path(config.dirs.data) / "pipeline_emulator" if config.PERSISTENCE else None
