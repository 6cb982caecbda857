"""What an embedded log forgets: superseded versions of a key, and what is past its retention.

Positions never change: what goes leaves a gap.
"""

from sqlite3 import Connection

from pipeline.instants import Instant


def compact(connection: Connection, topic: str) -> int:
    """Delete every message of a topic that a later one of its key supersedes; return how many.

    The newest stays even when it is a tombstone: a reader in between must still learn of it.
    """
    removed = 0
    for (partition,) in _partitions(connection, topic):
        removed += connection.execute(
            "DELETE FROM messages WHERE partition = :partition AND key IS NOT NULL AND position"
            " NOT IN (SELECT max(position) FROM messages WHERE partition = :partition"
            " AND key IS NOT NULL GROUP BY key)",
            {"partition": partition},
        ).rowcount
    return removed


def expire(connection: Connection, topic: str, before: Instant) -> int:
    """Delete the oldest messages up to the first from `before` or later; return how many."""
    removed = 0
    for (partition,) in _partitions(connection, topic):
        row = connection.execute(
            "SELECT position FROM messages WHERE partition = ? AND timestamp >= ?"
            " ORDER BY position LIMIT 1",
            (partition, before),
        ).fetchone()
        row = (
            row
            or connection.execute(
                "SELECT next FROM partitions WHERE id = ?", (partition,)
            ).fetchone()
        )
        removed += truncate(connection, partition, row[0])
    return removed


def truncate(connection: Connection, partition: int, before: int) -> int:
    """Delete what lies below a position, which becomes the oldest; return how many."""
    connection.execute(
        "UPDATE partitions SET oldest = max(oldest, min(?, next)) WHERE id = ?", (before, partition)
    )
    return connection.execute(
        "DELETE FROM messages WHERE partition = ? AND position < ?", (partition, before)
    ).rowcount


def _partitions(connection: Connection, topic: str) -> list[tuple[int]]:
    return connection.execute(
        "SELECT id FROM partitions WHERE topic = ? ORDER BY number", (topic,)
    ).fetchall()
