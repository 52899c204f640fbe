"""Copies the file in which core's CloudWatch keeps the values of metrics."""

import sqlite3
from contextlib import closing
from pathlib import Path

from localstack.services.cloudwatch.cloudwatch_database_helper import CloudwatchDatabase

_FILE = "metrics.sqlite3"


def save(folder: Path) -> None:
    """Write the values into a file in a folder, if there are any."""
    if Path(CloudwatchDatabase.METRICS_DB).is_file():
        _copy(Path(CloudwatchDatabase.METRICS_DB), folder / _FILE)


def load(folder: Path) -> None:
    """Replace all values with those of the file that `save` wrote."""
    if (folder / _FILE).is_file():
        CloudwatchDatabase()  # type: ignore[no-untyped-call] # creates folder and file
        _copy(folder / _FILE, Path(CloudwatchDatabase.METRICS_DB))


def _copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as read, closing(sqlite3.connect(target)) as written:
        read.backup(written)
