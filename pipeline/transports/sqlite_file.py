"""The SQLite file under an embedded log: its tables, its transactions and its clock.

`sqlite` is the broker over it. Every position change and every reading of the clock is one
transaction, so that several processes may use a file at once.
"""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import BrokerUnavailable, InvalidInput, NoSuchPartition
from pipeline.instants import Instant
from pipeline.transports.addresses import shown
from pipeline.transports.contract import Partition, Position

BUSY_SECONDS = 30.0
"""How long a transaction waits for another process's."""

_APPLICATION_ID = 0x52455445
_SCHEMA = """
CREATE TABLE topics (
    name TEXT PRIMARY KEY, partitions INTEGER NOT NULL, compacted INTEGER NOT NULL,
    log_append_time INTEGER NOT NULL, retention_ms INTEGER, max_message_bytes INTEGER NOT NULL
);
CREATE TABLE partitions (
    id INTEGER PRIMARY KEY, topic TEXT NOT NULL, number INTEGER NOT NULL,
    oldest INTEGER NOT NULL DEFAULT 0, next INTEGER NOT NULL DEFAULT 0, UNIQUE (topic, number)
);
CREATE TABLE messages (
    partition INTEGER NOT NULL, position INTEGER NOT NULL, timestamp INTEGER NOT NULL,
    key BLOB, value BLOB, PRIMARY KEY (partition, position)
) WITHOUT ROWID;
CREATE TABLE committed (
    reader TEXT NOT NULL, partition INTEGER NOT NULL, position INTEGER NOT NULL,
    PRIMARY KEY (reader, partition)
) WITHOUT ROWID;
CREATE TABLE clock (
    one INTEGER PRIMARY KEY CHECK (one = 1), story INTEGER NOT NULL, now INTEGER NOT NULL
);
INSERT INTO clock VALUES (1, 0, 0);
"""


def path_of(url: str) -> Path:
    """Return the file that a `sqlite://` address names.

    Raises:
        InvalidInput: it is another scheme, or names no file.
    """
    scheme, _, rest = url.partition("://")
    if scheme != "sqlite" or not rest.strip("/") or ":memory:" in rest:
        raise InvalidInput(f"`{shown(url)}` names no file; write sqlite:///path/to/file.db")
    return Path("/" + rest.lstrip("/")) if rest.startswith("/") else Path(rest)


class LogFile:
    """One connection to the file, opened when first used. Thread-safe.

    `durable` syncs the disk at every commit; without it the machine's failure, not a process's, may
    lose the last transactions.
    """

    def __init__(self, url: str, *, durable: bool) -> None:
        self.url = url
        self._path = path_of(url)
        self._durable = durable
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Open a transaction that sees one state of the log throughout."""
        with self._transaction("BEGIN") as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Open a transaction beside which no other writes."""
        with self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection

    def close(self) -> None:
        """Close the connection; the next transaction opens another."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        with self._lock, _translated(self.url):
            if self._connection is None:
                self._connection = self._open()
            self._connection.execute(begin)
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def _open(self) -> sqlite3.Connection:
        if not self._path.parent.is_dir():
            raise InvalidInput(f"{self.url}: there is no folder {self._path.parent}; create it")
        connection = sqlite3.connect(
            self._path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute("PRAGMA synchronous = " + ("FULL" if self._durable else "NORMAL"))
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        """Make an empty file a log, and refuse a file that is something else."""
        (mark,) = connection.execute("PRAGMA application_id").fetchone()
        if mark != _APPLICATION_ID:
            _use_wal(connection)
            connection.execute("BEGIN IMMEDIATE")
            (mark,) = connection.execute("PRAGMA application_id").fetchone()
            (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            if mark != _APPLICATION_ID and tables == 0:
                for statement in filter(str.strip, _SCHEMA.split(";")):
                    connection.execute(statement)
                connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
                mark = _APPLICATION_ID
            connection.execute("COMMIT")
        if mark != _APPLICATION_ID:
            raise InvalidInput(f"{self.url} is another program's database; name another file")


def clock_of(connection: sqlite3.Connection) -> tuple[bool, Instant]:
    """Return whether the log has a clock of a story, and the last time given out."""
    story, now = connection.execute("SELECT story, now FROM clock").fetchone()
    return bool(story), Instant(now)


def tick(connection: sqlite3.Connection) -> Instant:
    """Return the log's time, never before a former answer; needs a writing transaction."""
    story, last = clock_of(connection)
    if story:
        return last
    now = Instant(max(last, time.time_ns() // 1_000_000))
    if now != last:
        connection.execute("UPDATE clock SET now = ?", (now,))
    return now


def id_of(connection: sqlite3.Connection, partition: Partition) -> int:
    """Return the row of a partition.

    Raises:
        NoSuchPartition: there is none.
    """
    row = connection.execute(
        "SELECT id FROM partitions WHERE topic = ? AND number = ?", partition
    ).fetchone()
    if row is None:
        raise NoSuchPartition(
            f"partition {partition.topic}/{partition.number} does not exist; "
            "create its topic: retention topics create"
        )
    return int(row[0])


def bounds_of(connection: sqlite3.Connection, partition: Partition) -> tuple[Position, Position]:
    """Return the oldest kept position of a partition and the one after its newest message."""
    oldest, end = connection.execute(
        "SELECT oldest, next FROM partitions WHERE id = ?", (id_of(connection, partition),)
    ).fetchone()
    return oldest, end


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch the file to a write-ahead log; SQLite does not wait by itself for others here."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


@contextmanager
def _translated(url: str) -> Iterator[None]:
    """Turn SQLite's errors, whose texts hold no values of rows, into ours."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise BrokerUnavailable(f"{url}: {error}") from error
    except sqlite3.DatabaseError as error:
        raise InvalidInput(f"{url} cannot be used as a log: {error}") from error
