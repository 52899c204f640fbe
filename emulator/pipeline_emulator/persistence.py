"""SQLite files that keep state across restarts of LocalStack (PERSISTENCE=1)."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# A checkpoint copies the log's pages into the file and waits for the disk. With SQLite's default of 1,000 pages of
# 4 KiB, one ran every 25 PutRecords of 500 small records.
_PAGES_BETWEEN_CHECKPOINTS = 8_000


def state_folder() -> Path | None:
    """Return the folder for persistent state, or None without PERSISTENCE=1."""
    from localstack import config  # imported here, so that the database works without LocalStack

    return Path(config.dirs.data) / "pipeline_emulator" if config.PERSISTENCE else None


class DatabaseError(Exception):
    """The database file cannot be used. The message gives the cause and the remedy."""


class Database:
    """A connection that one thread uses at a time. Thread-safe.

    With a write-ahead log and `synchronous=NORMAL`, committed transactions survive the end of this process, even
    kill -9. After a power failure the last transactions may be missing, but the file is consistent
    (https://www.sqlite.org/pragma.html#pragma_synchronous).
    """

    def __init__(self, path: Path, schema: str, version: int) -> None:
        """Open the file, or create it with `schema`, whose `version` is stored in it.

        Raises:
            DatabaseError: another process has the file open, its version differs, or it is not a database.
        """
        self._lock = threading.RLock()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
        try:
            self._open(path, schema, version)
        except DatabaseError:
            self._connection.close()
            raise
        except sqlite3.Error as error:
            self._connection.close()
            raise DatabaseError(
                f"{path} cannot be used: {error}. Stop the LocalStack that has it open; if there is none, remove the"
                " file or start with PERSISTENCE=0."
            ) from error

    def _open(self, path: Path, schema: str, version: int) -> None:
        # Exclusive mode, set before the first access, locks the file for the life of the process. It also keeps the log
        # free of shared memory, which file systems mounted into containers may not support.
        self._connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.execute(f"PRAGMA wal_autocheckpoint = {_PAGES_BETWEEN_CHECKPOINTS}")
        with self.transaction():
            (found,) = self._connection.execute("PRAGMA user_version").fetchone()
            if found not in (0, version):
                raise DatabaseError(
                    f"{path} was written by another version of the emulator (format {found}, this one reads"
                    f" {version}). Remove the file, or start with PERSISTENCE=0."
                )
            if not found:
                for statement in schema.split(";"):
                    self._connection.execute(statement)
                self._connection.execute(f"PRAGMA user_version = {version}")

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Yield the connection; commit when the context ends, roll back if it raises."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Write the log into the database file and close it."""
        with self._lock:
            self._connection.close()
