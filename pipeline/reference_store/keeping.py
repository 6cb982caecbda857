"""Putting data into the tables, inside the caller's transaction."""

from collections.abc import Iterable
from sqlite3 import Connection

from pipeline.errors import InvalidInput
from pipeline.identifiers import RecordId
from pipeline.instants import Instant
from pipeline.reference_store.seeds import Seed
from pipeline.vocabulary import CommandKind, ReceiptStatus, RecordKind


def insert_image(
    connection: Connection,
    record_id: RecordId,
    data: bytes,
    terms: Iterable[str],
    *,
    collected_at: Instant,
    stored_at: Instant,
) -> int:
    """Insert an image and its terms; return its number here."""
    number = connection.execute(
        "INSERT INTO images (record_id, data, collected_at, stored_at) VALUES (?, ?, ?, ?)",
        (record_id, data, collected_at, stored_at),
    ).lastrowid
    _index(connection, record_id, terms, stored_at)
    return number or 0


def insert_template(
    connection: Connection,
    record_id: RecordId,
    vector: bytes,
    terms: Iterable[str],
    image_id: int | None,
    *,
    collected_at: Instant,
    stored_at: Instant,
) -> int:
    """Insert a template and its terms; return its number here."""
    number = connection.execute(
        "INSERT INTO templates (record_id, image_id, vector, collected_at, stored_at)"
        " VALUES (?, ?, ?, ?, ?)",
        (record_id, image_id, vector, collected_at, stored_at),
    ).lastrowid
    _index(connection, record_id, terms, stored_at)
    return number or 0


def insert_seed(connection: Connection, seed: Seed, stored_at: Instant) -> bool:
    """Insert a copy, unless one of its kind is here or the record was ever deleted here.

    So a start with the same file brings back nothing.

    Raises:
        InvalidInput: the record that a template names as its image has none here.
    """
    if _known(connection, seed):
        return False
    instants = {"collected_at": seed.collected_at, "stored_at": stored_at}
    if seed.kind == RecordKind.SOURCE:
        insert_image(connection, seed.record_id, seed.data, seed.terms, **instants)
        return True
    image = None
    if seed.image is not None:
        row = connection.execute(
            "SELECT max(image_id) FROM images WHERE record_id = ?", (seed.image,)
        ).fetchone()
        image = row[0]
        if image is None:
            raise InvalidInput(
                "a template's `image` names a record that has no image here; give the image in a "
                "line before it, or leave `image` out"
            )
    insert_template(connection, seed.record_id, seed.data, seed.terms, image, **instants)
    return True


def _known(connection: Connection, seed: Seed) -> bool:
    table = "images" if seed.kind == RecordKind.SOURCE else "templates"
    done = (ReceiptStatus.COMPLETED.value, ReceiptStatus.PARTIAL.value)
    row = connection.execute(
        f"SELECT EXISTS (SELECT 1 FROM {table} WHERE record_id = ?) OR EXISTS"  # noqa: S608
        " (SELECT 1 FROM obeyed WHERE record_id = ? AND kind = ? AND status IN (?, ?))",
        (seed.record_id, seed.record_id, CommandKind.DELETE.value, *done),
    ).fetchone()
    return bool(row[0])


def _index(
    connection: Connection, record_id: RecordId, terms: Iterable[str], stored_at: Instant
) -> None:
    connection.executemany(
        "INSERT OR IGNORE INTO search_index VALUES (?, ?, ?)",
        [(term, record_id, stored_at) for term in terms],
    )
