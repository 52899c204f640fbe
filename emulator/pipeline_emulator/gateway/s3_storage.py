"""Objects of S3 in LocalStack's own folder."""

from pathlib import Path

from localstack import config

from pipeline_emulator import patches


def keep_apart() -> None:
    """Give each LocalStack of a machine a place of its own for objects; to be called before S3 is loaded.

    Core has one place for all, /tmp/localstack-s3-storage, with a folder for each bucket's name: two LocalStacks with a
    bucket of the same name took each other's objects away, and what a killed one left stayed.
    """
    folder = Path(config.dirs.tmp) / "s3"
    folder.mkdir(parents=True, exist_ok=True)
    patches.KEEP_OBJECTS_APART.replace(str(folder))
