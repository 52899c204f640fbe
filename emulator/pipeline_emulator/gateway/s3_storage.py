"""Where S3 stores its objects."""

from pathlib import Path

from localstack import config

from pipeline_emulator import patches


def use_own_folder() -> None:
    """Store objects in this LocalStack's own folder. Call it before S3 is loaded.

    Core uses one folder for every LocalStack on the machine, /tmp/localstack-s3-storage, with a subfolder per bucket
    name. Two LocalStacks with buckets of the same name deleted each other's objects, and a killed one left its objects
    behind.
    """
    folder = Path(config.dirs.tmp) / "s3"
    folder.mkdir(parents=True, exist_ok=True)
    patches.KEEP_OBJECTS_APART.replace(str(folder))
