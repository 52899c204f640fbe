"""SQLite files that keep state across restarts of LocalStack (PERSISTENCE=1)."""

import contextlib
import logging
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOG = logging.getLogger(__name__)
# A checkpoint copies the log's pages into the file and waits for the disk. With SQLite's default of 1,000 pages of
# 4 KiB, one ran every 25 PutRecords of 500 small records.
_PAGES_BETWEEN_CHECKPOINTS = 8_000
_MAX_FINDINGS = 3
_PRIMARY = 0xFF  # SQLite's extended result codes have the primary code in the lowest byte
# SQLITE_ERROR: a table or column is missing, or a value is not what an expression needs.
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR}
_MISTAKES = (sqlite3.IntegrityError, sqlite3.ProgrammingError)  # errors in this program


def state_folder() -> Path | None:
    """Return the folder for persistent state, or None without PERSISTENCE=1."""
    from localstack import config  # imported here, so that the database works without LocalStack

    return Path(config.dirs.data) / "pipeline_emulator" if config.PERSISTENCE else None


class DatabaseError(Exception):
    """The database file cannot be used.

    Attributes:
        cause: what is wrong, with the file's name and what it holds.
        next_step: what the user can do.
    """

    def __init__(self, cause: str, next_step: str) -> None:
        """`str()` gives cause and next step in two lines, which launcher and harness take apart."""
        super().__init__(f"{cause}\nnext: {next_step}")
        self.cause = cause
        self.next_step = next_step


class StorageError(Exception):
    """A change could not be stored, for example because the disk is full. Nothing has changed; it can be retried."""


def damaged(path: Path, holds: str, finding: str) -> DatabaseError:
    """Return the error for a file whose content cannot be used; `holds` is what is lost without it."""
    return DatabaseError(
        f"{path} is damaged: {finding}. It holds {holds}, which cannot be loaded. LocalStack has not changed the file.",
        f"restore the file from a copy (remove {path.name}-wal first, unless the copy has its own), or start without"
        f" it: rm {path}*. Then {holds} are lost",
    )


class Database:
    """A connection that one thread uses at a time. Thread-safe.

    With a write-ahead log and `synchronous=NORMAL`, committed transactions survive the end of this process, even
    kill -9. After a power failure the last transactions may be missing, but the file is consistent
    (https://www.sqlite.org/pragma.html#pragma_synchronous).
    """

    def __init__(self, path: Path, schema: str, version: int, holds: str) -> None:
        """Open the file and check it, or create it.

        Args:
            path: of the file. Its folder is created.
            schema: statements that create the tables, separated by semicolons.
            version: of the schema; it is stored in the file.
            holds: what the file holds, for error messages.

        Raises:
            DatabaseError: another process has the file open, it is damaged, from another version, or cannot be opened.
        """
        self.path = path
        self.holds = holds
        self._lock = threading.RLock()
        self._failing, self._loading = False, True
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
        except (OSError, sqlite3.Error) as error:
            raise self.unusable(error) from error
        try:
            self._open(schema, version)
        except DatabaseError:
            self._leave()
            raise
        except (sqlite3.Error, StorageError) as error:
            self._leave()
            raise self.unusable(error.__cause__ or error) from error
        self._loading = False

    def _open(self, schema: str, version: int) -> None:
        # Exclusive mode, set before the first access, locks the file for the life of the process. It also keeps the log
        # free of shared memory, which file systems mounted into containers may not support.
        self._connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        new = self._require_own(schema, version)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.execute(f"PRAGMA wal_autocheckpoint = {_PAGES_BETWEEN_CHECKPOINTS}")
        if not new:
            self._check_pages()
            return
        with self.transaction():
            _create(self._connection, schema)
            self._connection.execute(f"PRAGMA user_version = {version}")

    def _require_own(self, schema: str, version: int) -> bool:
        """Check that the file is new or has the schema, before anything is written; return whether it is new."""
        (found,) = self._connection.execute("PRAGMA user_version").fetchone()
        if found not in (0, version):
            raise DatabaseError(
                f"{self.path} was written by another version of the emulator (format {found}, this one reads"
                f" {version}). It holds {self.holds}.",
                f"use that version, or start without the file: rm {self.path}*. Then {self.holds} are lost",
            )
        tables = _tables(self._connection)
        if not found and not tables:
            return True
        with contextlib.closing(sqlite3.connect(":memory:")) as reference:
            _create(reference, schema)
            wanted = _tables(reference)
        if different := sorted(name for name in tables.keys() | wanted.keys() if tables.get(name) != wanted.get(name)):
            raise damaged(self.path, self.holds, f"these tables are missing or different: {', '.join(different)}")
        return False

    def _check_pages(self) -> None:
        """Check the structure of every page; this reads the whole file."""
        findings = [text for (text,) in self._connection.execute(f"PRAGMA quick_check({_MAX_FINDINGS})")]
        if findings != ["ok"]:
            raise damaged(self.path, self.holds, "; ".join(" ".join(text.split()) for text in findings))

    def unusable(self, error: BaseException) -> DatabaseError:
        """Return the error for a file that SQLite or the operating system refuses for the reason `error`."""
        code = getattr(error, "sqlite_errorcode", 0) & _PRIMARY
        if code in _DAMAGED or isinstance(error, sqlite3.IntegrityError):
            return damaged(self.path, self.holds, str(error))
        if code == sqlite3.SQLITE_BUSY:
            return DatabaseError(
                f"{self.path} cannot be used: {error}", "stop the LocalStack that has it open, or use another folder"
            )
        return DatabaseError(
            f"{self.path} cannot be used: {error}. It holds {self.holds}.",
            f"make it a file that this user can read and write, on a disk that has room, or start without it: move"
            f" {self.path}* away. Then {self.holds} are lost",
        )

    @contextmanager
    def loading(self) -> Iterator[None]:
        """Close the file and raise a DatabaseError if its content turns out to be unusable in this context."""
        self._loading = True
        try:
            yield
        except StorageError as error:
            self._leave()
            raise self.unusable(error.__cause__ or error) from error
        except (sqlite3.Error, AttributeError, LookupError, TypeError, ValueError) as error:
            self._leave()
            raise damaged(self.path, self.holds, f"{type(error).__name__} ({error}) while loading") from error
        finally:
            self._loading = False

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Yield the connection; commit when the context ends, roll back if it raises.

        Raises:
            StorageError: the file cannot be read or written now, for example because the disk is full. Rolled back.
        """
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException as error:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                if not isinstance(error, sqlite3.DatabaseError) or isinstance(error, _MISTAKES):
                    raise
                self._report(error)
                raise StorageError(f"{self.path} cannot be read or written: {error}") from error
            if self._failing:
                self._failing = False
                LOG.warning("%s can be written again", self.path)

    def _leave(self) -> None:
        """Close a file that cannot be used as it is, without copying the log into it and deleting the log."""
        self._connection.setconfig(sqlite3.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, True)
        self._connection.close()

    def _report(self, error: sqlite3.Error) -> None:
        """Log the first failure; clients retry, and a line for each would hide the rest of the log."""
        if not self._failing and not self._loading:
            LOG.error(
                "%s cannot be read or written: %s. Until it can, changes to %s are refused. If the disk is full, free"
                " space.",
                self.path,
                error,
                self.holds,
            )
        self._failing = not self._loading

    def close(self) -> None:
        """Write the log into the database file and close it."""
        with self._lock:
            self._connection.close()


def _tables(connection: sqlite3.Connection) -> dict[str, str]:
    return dict(connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))


def _create(connection: sqlite3.Connection, schema: str) -> None:
    for statement in schema.split(";"):
        connection.execute(statement)
