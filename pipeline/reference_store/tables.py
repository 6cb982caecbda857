"""The tables of the reference store. A copy of it changes this module first.

`images`, `templates` and `search_index` hold data; every row of theirs says under which record id
and since when (`stored_at`), which is all that a deletion needs to know. `restrictions` and
`obeyed` hold what was commanded. Instants are milliseconds since 1970-01-01T00:00Z.
"""

APPLICATION_ID = 0x52455453
"""Marks the file as a reference store's."""

SCHEMA = (
    "CREATE TABLE about (one INTEGER PRIMARY KEY CHECK (one = 1), name TEXT NOT NULL)",
    """CREATE TABLE images (
        image_id INTEGER PRIMARY KEY, record_id TEXT NOT NULL, data BLOB NOT NULL,
        collected_at INTEGER NOT NULL, stored_at INTEGER NOT NULL
    )""",
    "CREATE INDEX images_of ON images (record_id)",
    # A template may outlive its image, which is a record of its own; then it points nowhere.
    """CREATE TABLE templates (
        template_id INTEGER PRIMARY KEY, record_id TEXT NOT NULL,
        image_id INTEGER REFERENCES images (image_id) ON DELETE SET NULL,
        vector BLOB NOT NULL, collected_at INTEGER NOT NULL, stored_at INTEGER NOT NULL
    )""",
    "CREATE INDEX templates_of ON templates (record_id)",
    "CREATE INDEX templates_from ON templates (image_id)",
    """CREATE TABLE search_index (
        term TEXT NOT NULL, record_id TEXT NOT NULL, stored_at INTEGER NOT NULL,
        PRIMARY KEY (term, record_id, stored_at)
    ) WITHOUT ROWID""",
    "CREATE INDEX terms_of ON search_index (record_id)",
    """CREATE TABLE restrictions (
        command_id TEXT PRIMARY KEY, record_id TEXT NOT NULL, generation TEXT NOT NULL
    ) WITHOUT ROWID""",
    "CREATE INDEX restrictions_of ON restrictions (record_id)",
    """CREATE TABLE obeyed (
        command_id TEXT PRIMARY KEY, kind TEXT NOT NULL, record_id TEXT NOT NULL,
        generation TEXT NOT NULL, status TEXT NOT NULL, at INTEGER NOT NULL,
        remaining INTEGER, detail TEXT
    ) WITHOUT ROWID""",
    "CREATE INDEX obeyed_of ON obeyed (record_id)",
)

COUNT_COVERED = (
    "SELECT count(*) FROM images WHERE record_id = ? AND stored_at <= ?",
    "SELECT count(*) FROM templates WHERE record_id = ? AND stored_at <= ?",
    "SELECT count(*) FROM search_index WHERE record_id = ? AND stored_at <= ?",
)
"""One statement a table: how many rows of a record were stored up to an instant."""

DELETE_COVERED = (
    "DELETE FROM images WHERE record_id = ? AND stored_at <= ?",
    "DELETE FROM templates WHERE record_id = ? AND stored_at <= ?",
    "DELETE FROM search_index WHERE record_id = ? AND stored_at <= ?",
)
"""One statement a table: remove the rows that `COUNT_COVERED` counts."""

FIELDS = {
    "image": (
        "SELECT count(*) FROM images WHERE record_id = ? AND stored_at <= ? AND data <> x''",
        "UPDATE images SET data = x'' WHERE record_id = ? AND stored_at <= ?",
    ),
    "vector": (
        "SELECT count(*) FROM templates WHERE record_id = ? AND stored_at <= ? AND vector <> x''",
        "UPDATE templates SET vector = x'' WHERE record_id = ? AND stored_at <= ?",
    ),
    "terms": (
        "SELECT count(*) FROM search_index WHERE record_id = ? AND stored_at <= ?",
        "DELETE FROM search_index WHERE record_id = ? AND stored_at <= ?",
    ),
}
"""By name, as events have it, each field that can be erased by itself.

Two statements: how many rows that were stored up to an instant hold it, and what erases it there.
"""

SEARCH = """
    SELECT DISTINCT record_id FROM search_index
    WHERE term = ? AND record_id NOT IN (SELECT record_id FROM restrictions) ORDER BY record_id
"""
"""Records of a term that may be shown."""

# Of several copies the one collected first decides: a limit must never come out too late.
INVENTORY = """
    SELECT record_id, 'source', min(collected_at) FROM images GROUP BY record_id
    UNION ALL
    SELECT record_id, 'template', min(collected_at) FROM templates GROUP BY record_id
    ORDER BY 1, 2
"""
"""Every record that is held, restricted ones too: id, kind, when it was collected first."""
