"""An embedded log in one SQLite file, for one machine: no broker to install.

`sqlite_file` has its tables and its clock, `sqlite_clients` its reader and writer.
"""

from collections.abc import Mapping, Sequence
from sqlite3 import Connection
from typing import Self

from pipeline.errors import InvalidInput
from pipeline.instants import Instant, format_instant
from pipeline.transports.contract import Partition, Position, Sample, Topic, TopicSpec
from pipeline.transports.sqlite_clients import SqliteConsumer, SqliteProducer
from pipeline.transports.sqlite_file import LogFile, bounds_of, clock_of, id_of, tick
from pipeline.transports.sqlite_upkeep import compact, expire, truncate

_COMPARED = ("partitions", "compacted", "log_append_time", "retention_ms", "max_message_bytes")
"""What of a topic may differ from its spec."""


class SqliteBroker:
    """The log in one file; several threads and processes may use it at once.

    Its clock is the system's, never going back, or the clock of a story: one that stands still
    until `set_clock` moves it.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._file = LogFile(url, durable=False)

    def __reduce__(self) -> tuple[type["SqliteBroker"], tuple[str]]:
        """Pickle the address only: every process opens its own connection."""
        return (SqliteBroker, (self.url,))

    def partitions(self, topic: str) -> int | None:
        """Return how many partitions a topic has, or None when there is no such topic."""
        with self._file.reading() as connection:
            row = connection.execute(
                "SELECT partitions FROM topics WHERE name = ?", (topic,)
            ).fetchone()
        return None if row is None else int(row[0])

    def topics(self, names: Sequence[str]) -> Mapping[str, Topic]:
        """Return the topics of these names; without an identity: none can be deleted."""
        with self._file.reading() as connection:
            return _topics(connection, names)

    def beginnings(self, partitions: Sequence[Partition]) -> Mapping[Partition, Position]:
        """Return the oldest kept position of each partition."""
        with self._file.reading() as connection:
            return {p: bounds_of(connection, p)[0] for p in partitions}

    def ends(self, partitions: Sequence[Partition]) -> Mapping[Partition, Position]:
        """Return the position after the newest message of each partition."""
        with self._file.reading() as connection:
            return {p: bounds_of(connection, p)[1] for p in partitions}

    def sample(self, partitions: Sequence[Partition]) -> Sample:
        """Read the log's time and the ends of the partitions, both at one point of its history.

        While the lock is held nothing is being written, so that no message can appear later with
        a time before the sample's.
        """
        with self._file.writing() as connection:
            now = tick(connection)
            ends = {p: bounds_of(connection, p)[1] for p in partitions}
            names = sorted({partition.topic for partition in partitions})
            return Sample(now, ends, _topics(connection, names))

    def committed(
        self, group: str, partitions: Sequence[Partition]
    ) -> Mapping[Partition, Position]:
        """Return the committed positions; partitions without one are left out."""
        with self._file.reading() as connection:
            rows = connection.execute(
                "SELECT topic, number, position FROM committed JOIN partitions"
                " ON partitions.id = committed.partition WHERE reader = ?",
                (group,),
            ).fetchall()
        found = {Partition(topic, number): position for topic, number, position in rows}
        return {p: found[p] for p in partitions if p in found}

    def commit(self, group: str, positions: Mapping[Partition, Position]) -> None:
        """Record positions as the group's."""
        with self._file.writing() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO committed VALUES (?, ?, ?)",
                [(group, id_of(connection, p), position) for p, position in positions.items()],
            )

    def consumer(self) -> SqliteConsumer:
        """Open a reader."""
        return SqliteConsumer(LogFile(self.url, durable=False))

    def producer(self) -> SqliteProducer:
        """Open a writer; what it acknowledges is on the disk."""
        return SqliteProducer(LogFile(self.url, durable=True))

    def create(self, specs: Sequence[TopicSpec]) -> Sequence[str]:
        """Create the topics that do not exist, and nothing else; return their names."""
        created = []
        with self._file.writing() as connection:
            for spec in specs:
                row = (spec.name, spec.partitions, spec.compacted, spec.log_append_time)
                added = connection.execute(
                    "INSERT OR IGNORE INTO topics VALUES (?, ?, ?, ?, ?, ?)",
                    (*row, spec.retention_ms, spec.max_message_bytes),
                ).rowcount
                if added:
                    created.append(spec.name)
                    connection.executemany(
                        "INSERT INTO partitions (topic, number) VALUES (?, ?)",
                        [(spec.name, number) for number in range(spec.partitions)],
                    )
        return created

    def drift(self, specs: Sequence[TopicSpec]) -> Sequence[str]:
        """Return one sentence for each way in which an existing topic differs, or is missing."""
        found = {spec.name: spec for spec in self._specs()}
        lines = []
        for spec in specs:
            there = found.get(spec.name)
            if there is None:
                lines.append(f"topic {spec.name} does not exist")
                continue
            for what in _COMPARED:
                is_now, wanted = getattr(there, what), getattr(spec, what)
                if is_now != wanted:
                    lines.append(f"topic {spec.name}: {what} is {is_now}, not {wanted}")
        return lines

    def _specs(self) -> list[TopicSpec]:
        with self._file.reading() as connection:
            rows = connection.execute("SELECT * FROM topics ORDER BY name").fetchall()
        return [
            TopicSpec(
                name,
                partitions,
                compacted=bool(compacted),
                log_append_time=bool(stamped),
                retention_ms=retention,
                max_message_bytes=most,
            )
            for name, partitions, compacted, stamped, retention, most in rows
        ]

    def now(self) -> Instant:
        """Return the log's time."""
        return self.sample(()).now

    def set_clock(self, now: Instant) -> None:
        """Give the log the clock of a story, or move that clock.

        Raises:
            InvalidInput: the instant lies before the log's time.
        """
        with self._file.writing() as connection:
            _, last = clock_of(connection)
            if now < last:
                raise InvalidInput(
                    f"{self.url}: a clock cannot go back from {format_instant(last)} to "
                    f"{format_instant(now)}; begin the story in a new file"
                )
            connection.execute("UPDATE clock SET story = 1, now = ?", (now,))

    def compact(self) -> int:
        """Delete the superseded messages of every compacted topic; return how many."""
        topics = [spec.name for spec in self._specs() if spec.compacted]
        with self._file.writing() as connection:
            return sum(compact(connection, topic) for topic in topics)

    def expire(self, now: Instant) -> int:
        """Delete what is past its topic's retention at an instant; return how many messages.

        Compacted topics keep the newest message of each key for ever.
        """
        specs = [(spec.name, spec.retention_ms) for spec in self._specs() if not spec.compacted]
        with self._file.writing() as connection:
            return sum(
                expire(connection, name, Instant(now - retention))
                for name, retention in specs
                if retention is not None
            )

    def truncate(self, partition: Partition, before: Position) -> int:
        """Delete what lies below a position; return how many messages."""
        with self._file.writing() as connection:
            return truncate(connection, id_of(connection, partition), before)

    def close(self) -> None:
        """Release the connection."""
        self._file.close()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()


def _topics(connection: Connection, names: Sequence[str]) -> dict[str, Topic]:
    marks = ", ".join("?" * len(names))
    rows = connection.execute(
        f"SELECT name, partitions FROM topics WHERE name IN ({marks})",  # noqa: S608
        tuple(names),
    )
    return {name: Topic(partitions) for name, partitions in rows}
