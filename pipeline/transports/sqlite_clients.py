"""The reader and the writer of an embedded log. `sqlite` opens them."""

import itertools
import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from sqlite3 import Connection
from typing import NamedTuple
from zlib import crc32

from pipeline.errors import InvalidInput, LogTruncated, RetentionError
from pipeline.instants import MIN_INSTANT, Instant
from pipeline.transports.contract import Message, Partition, Position
from pipeline.transports.sqlite_file import LogFile, clock_of, id_of, tick
from pipeline.transports.sqlite_upkeep import compact, expire

COMPACT_EVERY = 100_000
"""Messages to a compacted topic after which a producer compacts it."""

EXPIRE_EVERY_MS = 3_600_000
"""The log's time after which a producer removes what is past its retention."""


class SqliteConsumer:
    """Reads assigned partitions; see `contract.Consumer`."""

    def __init__(self, file: LogFile) -> None:
        self._file = file
        self._positions: dict[Partition, Position] = {}
        self._ids: dict[Partition, int] = {}

    def assign(self, positions: Mapping[Partition, Position]) -> None:
        """Begin reading these partitions at these positions, replacing any former assignment."""
        with self._file.reading() as connection:
            self._ids = {partition: id_of(connection, partition) for partition in positions}
        self._positions = dict(positions)

    def poll(self, max_messages: int, max_bytes: int) -> Sequence[Message]:
        """Return what there is now, at most so much; see `contract.Consumer.poll`."""
        if not self._positions:
            return ()
        found: list[Message] = []
        moved: dict[Partition, Position] = {}
        size = 0
        with self._file.reading() as connection:
            for partition, end in self._unread(connection):
                left = max_messages - len(found)
                if left <= 0 or size > max_bytes:
                    break
                rows = connection.execute(
                    "SELECT position, timestamp, key, value FROM messages"
                    " WHERE partition = ? AND position >= ? ORDER BY position LIMIT ?",
                    (self._ids[partition], self._positions[partition], left),
                )
                before = len(found)
                for position, timestamp, key, value in rows:
                    size += len(key or b"") + len(value or b"")
                    if found and size > max_bytes:
                        break
                    found.append(Message(*partition, position, timestamp, key, value))
                    moved[partition] = position + 1
                else:
                    if len(found) - before < left:
                        moved[partition] = end  # Past the gap after the last message, if any.
        for partition, position in moved.items():
            del self._positions[partition]  # Next time the others come first.
            self._positions[partition] = position
        return found

    def _unread(self, connection: Connection) -> list[tuple[Partition, Position]]:
        """Return the partitions with something past their position, and where each ends."""
        marks = ", ".join("?" * len(self._ids))
        rows = connection.execute(
            f"SELECT id, oldest, next FROM partitions WHERE id IN ({marks})",  # noqa: S608
            tuple(self._ids.values()),
        )
        bounds = {number: (oldest, end) for number, oldest, end in rows}
        unread = []
        for partition, position in self._positions.items():
            oldest, end = bounds[self._ids[partition]]
            if not oldest <= position <= end:
                raise LogTruncated(
                    f"{partition.topic}/{partition.number}: position {position} lies outside "
                    f"{oldest}..{end}, the oldest kept and the newest; history is missing: "
                    "see LogTruncated in the README"
                )
            if position < end:
                unread.append((partition, end))
        return unread

    def positions(self) -> Mapping[Partition, Position]:
        """Return the next position of each assigned partition."""
        return dict(self._positions)

    def close(self) -> None:
        """Release the connection."""
        self._file.close()


class _Pending(NamedTuple):
    """What was handed over and not yet written."""

    key: bytes | None
    value: bytes | None
    timestamp: Instant | None


class SqliteProducer:
    """Buffers messages and writes them in one transaction a flush; see `contract.Producer`."""

    def __init__(self, file: LogFile) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._pending: dict[str, list[_Pending]] = defaultdict(list)
        self._refused: RetentionError | None = None
        self._turn = itertools.count()
        self._written: dict[str, int] = defaultdict(int)
        self._expired: dict[str, Instant] = {}

    def send(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        *,
        timestamp: Instant | None = None,
    ) -> None:
        """Hand over one message; it is written by `flush`."""
        with self._lock:
            if key is None and value is None:
                self._refused = InvalidInput(f"{topic}: a message needs a key or a value")
            else:
                self._pending[topic].append(_Pending(key, value, timestamp))

    def flush(self) -> None:
        """Write everything handed over, all of it or nothing.

        Raises:
            InvalidInput: a message is too large or empty, its topic does not exist, or it has no
                key and the topic is compacted.
            BrokerUnavailable: the file cannot be written.
        """
        with self._lock:
            pending, self._pending = self._pending, defaultdict(list)
            refused, self._refused = self._refused, None
        if refused is not None:
            raise refused
        if not pending:
            return
        with self._file.writing() as connection:
            now = tick(connection)
            for topic, messages in pending.items():
                self._write(connection, topic, messages, now)
        self._keep_up({topic: len(messages) for topic, messages in pending.items()})

    def _keep_up(self, written: Mapping[str, int]) -> None:
        """Forget what the topics just written to should no longer keep."""
        with self._file.reading() as connection:
            story, now = clock_of(connection)
            topics = dict(connection.execute("SELECT name, retention_ms FROM topics").fetchall())
            compacted = connection.execute("SELECT name FROM topics WHERE compacted").fetchall()
        for topic, count in written.items():
            if (topic,) in compacted:
                self._written[topic] += count
                if self._written[topic] >= COMPACT_EVERY:
                    self._written[topic] = 0
                    with self._file.writing() as connection:
                        compact(connection, topic)
            # A story may jump by years between two happenings; its log keeps everything.
            elif story or topics[topic] is None:
                continue
            elif now - self._expired.get(topic, MIN_INSTANT) >= EXPIRE_EVERY_MS:
                self._expired[topic] = now
                with self._file.writing() as connection:
                    expire(connection, topic, Instant(now - topics[topic]))

    def _write(
        self, connection: Connection, topic: str, messages: Sequence[_Pending], now: Instant
    ) -> None:
        """Append to one topic."""
        row = connection.execute(
            "SELECT compacted, log_append_time, max_message_bytes FROM topics WHERE name = ?",
            (topic,),
        ).fetchone()
        if row is None:
            raise InvalidInput(f"topic {topic} does not exist; create it: retention topics create")
        compacted, stamped, most = row
        ends = connection.execute(
            "SELECT id, next FROM partitions WHERE topic = ? ORDER BY number", (topic,)
        ).fetchall()
        ids, nexts = [e[0] for e in ends], [e[1] for e in ends]
        rows = []
        for key, value, timestamp in messages:
            if key is None and compacted:
                raise InvalidInput(f"{topic}: a message to a compacted topic needs a key")
            if (size := len(key or b"") + len(value or b"")) > most:
                raise InvalidInput(f"{topic}: a message of {size} bytes is larger than {most}")
            number = (next(self._turn) if key is None else crc32(key)) % len(ids)
            at = now if stamped or timestamp is None else timestamp
            rows.append((ids[number], nexts[number], at, key, value))
            nexts[number] += 1
        connection.executemany("INSERT INTO messages VALUES (?, ?, ?, ?, ?)", rows)
        connection.executemany(
            "UPDATE partitions SET next = ? WHERE id = ?", zip(nexts, ids, strict=True)
        )

    def close(self) -> None:
        """Flush and release."""
        try:
            self.flush()
        finally:
            self._file.close()
