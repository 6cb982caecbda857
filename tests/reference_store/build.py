"""Commands with everything irrelevant filled in, and what a store's file holds."""

import sqlite3
from pathlib import Path

from pipeline.commands import Command
from pipeline.identifiers import Cause, CommandId, EventId, RecordId, StoreName
from pipeline.instants import Instant

EARLY, NOW, LATER = Instant(1_000), Instant(5_000), Instant(8_000)
UNTIL = Instant(4_000)
"""`data_until` of every command, unless it says otherwise: after EARLY, before NOW."""

Dump = dict[str, list[tuple[object, ...]]]


def command(
    kind: str,
    name: str = "c1",
    record_id: str = "r1",
    *,
    withdraws: str | None = None,
    generation: str = "g1",
    store: str = "images",
    not_before: int = 0,
    data_until: int = UNTIL,
    expires_at: int = 10_000,
    attempt: int = 1,
) -> Command:
    """A command that may be obeyed at NOW."""
    return Command(
        CommandId(name),
        kind,
        StoreName(store),
        RecordId(record_id),
        EventId(generation),
        Cause("policy:acme/faces"),
        1,
        "UK GDPR, 5(1)(e)",
        Instant(not_before),
        Instant(9_000),
        Instant(data_until),
        Instant(expires_at),
        Instant(0),
        None if withdraws is None else CommandId(withdraws),
        attempt,
    )


def dump(path: Path) -> Dump:
    """Every row of every table, sorted."""
    connection = sqlite3.connect(path)
    names = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
    found = {}
    for (name,) in names:
        rows = connection.execute(f"SELECT * FROM {name}").fetchall()
        found[name] = sorted(rows, key=repr)
    connection.close()
    return found


def change(path: Path, statement: str) -> None:
    """Change a store's file behind its back."""
    connection = sqlite3.connect(path)
    connection.execute(statement)
    connection.commit()
    connection.close()
