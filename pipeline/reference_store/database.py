"""The SQLite file of a store: its transactions, and that what is deleted is overwritten."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import InvalidInput, RetentionError
from pipeline.reference_store.tables import APPLICATION_ID, SCHEMA

BUSY_SECONDS = 30.0
"""How long a transaction waits for another process's."""

_SETTINGS = (
    # What was deleted is overwritten with zeros; SQLite alone would only mark its place as free.
    # A write-ahead log would keep copies of it, so there is none.
    "PRAGMA secure_delete = ON",
    "PRAGMA foreign_keys = ON",
    # What was answered is on the disk, also when the machine fails a moment later.
    "PRAGMA synchronous = EXTRA",
)


class StoreUnavailable(RetentionError):
    """The store's database cannot be read or written.

    Nothing is committed, so that the command comes again. Operator action: repair what the message
    names (disk full, file locked or damaged), then start the store again.
    """


class Database:
    """One connection to the file of one store. Thread-safe.

    Raises:
        InvalidInput: the folder does not exist, or the file is another program's or store's.
        StoreUnavailable: the file cannot be opened.
    """

    def __init__(self, path: Path, name: str) -> None:
        if not path.parent.is_dir():
            raise InvalidInput(f"{path}: there is no folder {path.parent}; create it")
        self._path = path
        self._lock = threading.RLock()
        with self._translated():
            self._connection = sqlite3.connect(
                path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
        try:
            self._prepare(name)
        except BaseException:
            self._connection.close()
            raise

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Open a transaction that sees one state of the store throughout."""
        with self._transaction("BEGIN") as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Open a transaction beside which no other writes: all of it is kept, or nothing."""
        with self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        with self._lock, self._translated():
            self._connection.execute(begin)
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def _prepare(self, name: str) -> None:
        with self._translated():
            for setting in _SETTINGS:
                self._connection.execute(setting)
        with self.writing() as connection:
            (mark,) = connection.execute("PRAGMA application_id").fetchone()
            (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            if tables == 0:
                for statement in SCHEMA:
                    connection.execute(statement)
                connection.execute("INSERT INTO about VALUES (1, ?)", (name,))
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            elif mark != APPLICATION_ID:
                raise InvalidInput(f"{self._path} is another program's database; name another file")
            (owner,) = connection.execute("SELECT name FROM about").fetchone()
        if owner != name:
            raise InvalidInput(
                f"{self._path} is the database of store {owner}, not of {name}; name another file"
            )

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Turn SQLite's errors, whose texts hold no values of rows, into ours."""
        try:
            yield
        except sqlite3.IntegrityError:
            raise  # A refusal of what is written, not of the file: the caller knows what it means.
        except sqlite3.Error as error:
            raise StoreUnavailable(f"{self._path} cannot be used: {error}") from error
