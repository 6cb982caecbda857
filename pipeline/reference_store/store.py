"""The reference store: what it keeps, what it shows, and what it obeys."""

import sqlite3
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import NamedTuple, Self

from pipeline.commands import Command
from pipeline.errors import InvalidInput
from pipeline.identifiers import RecordId, StoreName
from pipeline.instants import Instant
from pipeline.receipts import Receipt
from pipeline.reference_store import obeying
from pipeline.reference_store.database import Database
from pipeline.reference_store.inventory import Held
from pipeline.reference_store.keeping import insert_image, insert_seed, insert_template
from pipeline.reference_store.seeds import Added, Seed
from pipeline.reference_store.tables import INVENTORY, SEARCH
from pipeline.vocabulary import CommandKind, ReceiptStatus


class Counts(NamedTuple):
    """How many rows there are of each; `restricted` counts records, `obeyed` kept answers."""

    images: int
    templates: int
    terms: int
    restricted: int
    obeyed: int


def _cancels_first(placed: tuple[int, Command]) -> tuple[bool, int]:
    return (placed[1].kind != CommandKind.CANCEL, placed[0])


class ReferenceStore:
    """One store in one SQLite file. Thread-safe; several processes may use a file at once.

    Args:
        path: the file; made when it is not there.
        name: of the store, as events and commands have it. A file belongs to one store for good.
        kinds: of command that it can do; NOT_SUPPORTED is the answer to all others.

    Raises:
        InvalidInput: the file is another's, its folder does not exist, or a kind cannot be done.
        StoreUnavailable: the file cannot be opened.
    """

    def __init__(
        self, path: Path | str, name: str, kinds: Collection[str] = obeying.OBEYED
    ) -> None:
        unknown = sorted(set(kinds) - obeying.OBEYED)
        if unknown:
            raise InvalidInput(f"this store cannot do {', '.join(unknown)}; leave it out")
        if not name:
            raise InvalidInput("a store needs a name; give the one that its events have")
        self.name = StoreName(name)
        self._kinds = frozenset(kinds)
        self._database = Database(Path(path), name)

    # -- keeping ----------------------------------------------------------------------------------

    def keep_image(
        self,
        record_id: RecordId,
        data: bytes,
        terms: Iterable[str] = (),
        *,
        collected_at: Instant,
        stored_at: Instant,
    ) -> int:
        """Keep one more copy of an image, with the terms under which it is found.

        Take `stored_at` before publishing the event that tells of the copy: a deletion leaves what
        was stored later than it covers (`data_until`).

        Returns:
            Its number, for templates made from it.
        """
        with self._database.writing() as connection:
            return insert_image(
                connection, record_id, data, terms, collected_at=collected_at, stored_at=stored_at
            )

    def keep_template(
        self,
        record_id: RecordId,
        vector: bytes,
        terms: Iterable[str] = (),
        *,
        image_id: int | None = None,
        collected_at: Instant,
        stored_at: Instant,
    ) -> int:
        """Keep one more copy of a template; see `keep_image`.

        Args:
            record_id: of the template, which is a record of its own.
            vector: the template.
            terms: under which it is found.
            image_id: the image it was made from; None when that is not here.
            collected_at: when the image was collected.
            stored_at: when this copy was stored.

        Returns:
            Its number here.

        Raises:
            InvalidInput: there is no such image.
        """
        instants = {"collected_at": collected_at, "stored_at": stored_at}
        try:
            with self._database.writing() as connection:
                return insert_template(connection, record_id, vector, terms, image_id, **instants)
        except sqlite3.IntegrityError:
            raise InvalidInput(f"there is no image {image_id} here; keep it first") from None

    def add(self, seeds: Iterable[Seed], stored_at: Instant) -> Added:
        """Keep copies, all or none; those that are here or were deleted before are left out.

        Raises:
            InvalidInput: a seed cannot be read, or names an image that is not here.
        """
        with self._database.writing() as connection:
            done = [insert_seed(connection, seed, stored_at) for seed in seeds]
        return Added(sum(done), len(done) - sum(done))

    # -- showing ----------------------------------------------------------------------------------

    def search(self, term: str) -> list[RecordId]:
        """Return the records that have a term and are not restricted, by id."""
        with self._database.reading() as connection:
            return [RecordId(name) for (name,) in connection.execute(SEARCH, (term,))]

    def inventory(self) -> list[Held]:
        """Return every record that is held, restricted or not, by id and kind."""
        with self._database.reading() as connection:
            return [Held(RecordId(row[0]), row[1], row[2]) for row in connection.execute(INVENTORY)]

    def restricted(self) -> list[RecordId]:
        """Return the records under a restriction, by id; also such as have no data here yet."""
        with self._database.reading() as connection:
            rows = connection.execute("SELECT DISTINCT record_id FROM restrictions ORDER BY 1")
            return [RecordId(name) for (name,) in rows]

    def counts(self) -> Counts:
        """Return how much there is of everything."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT (SELECT count(*) FROM images), (SELECT count(*) FROM templates),"
                " (SELECT count(*) FROM search_index),"
                " (SELECT count(DISTINCT record_id) FROM restrictions),"
                " (SELECT count(*) FROM obeyed)"
            ).fetchone()
        return Counts(*row)

    # -- obeying ----------------------------------------------------------------------------------

    def obey(self, command: Command, now: Instant) -> Receipt:
        """Do what a command says, once, and return the answer; see `obey_all`."""
        return self.obey_all([command], now)[0]

    def obey_all(self, commands: Iterable[Command], now: Instant) -> list[Receipt]:
        """Do what commands say, each once, and return the answers; all in one transaction.

        The same command again gives the same answer and does nothing. Only a refusal and PARTIAL
        may be followed by another answer. A CANCEL is obeyed before all others: a store that was
        away must not delete what it could have read is to be kept.

        Args:
            commands: what the pipeline sent, in its order; everything that waits.
            now: the present.

        Returns:
            The answers, in the order of the commands.

        Raises:
            StoreUnavailable: the file cannot be written; nothing was done.
        """
        waiting = list(commands)
        with self._database.writing() as connection:
            answers = {
                place: self._obeyed(connection, command, now)
                for place, command in sorted(enumerate(waiting), key=_cancels_first)
            }
        return [answers[place] for place in range(len(waiting))]

    def _obeyed(self, connection: sqlite3.Connection, command: Command, now: Instant) -> Receipt:
        refused = obeying.refusal(command, self.name, self._kinds, now)
        if refused is not None and command.store != self.name:
            return refused
        answer = obeying.known_answer(connection, command, self.name) or refused
        if answer is not None:
            return answer
        connection.execute("SAVEPOINT command")
        try:
            return obeying.obey(connection, command, self.name, now)
        except sqlite3.IntegrityError as error:
            # A rule of the database itself; its texts hold no values.
            connection.execute("ROLLBACK TO command")
            why = f"the database refuses: {error}"
            return Receipt(
                command.command_id,
                command.record_id,
                self.name,
                ReceiptStatus.FAILED.value,
                now,
                detail=why,
            )
        finally:
            connection.execute("RELEASE command")

    # -- the file ---------------------------------------------------------------------------------

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()
