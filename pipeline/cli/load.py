"""`retention import`: what a store held before, as records with their collection dates."""

import hashlib
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, BinaryIO

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from pipeline.cli.files import unreadable
from pipeline.cli.options import BrokerUrl, EventTopics, Prefix, topics_of
from pipeline.cli.waiting import reachable
from pipeline.errors import InvalidInput
from pipeline.events import INVENTORY_IDS
from pipeline.instants import Instant, format_instant, from_datetime, parse_instant
from pipeline.settings import Settings
from pipeline.transports.contract import Broker, Producer
from pipeline.transports.topics import DEFAULT_EVENTS, DEFAULT_PREFIX
from pipeline.wire.codec import Codec
from pipeline.wire.inventories import FORMATS, Row, event_of, format_of, rows

BATCH = 5_000
"""Rows between two acknowledgements, and between two notes of how far it came."""
SHOWN = 20
"""Refused rows that are said one by one; the others are counted."""


@dataclass
class Done:
    """How far an import came: kept in a file beside the inventory until it is complete."""

    inventory: str
    taken_at: str
    rows: int = 0
    refused: int = 0


def import_inventory(
    file: Annotated[Path, typer.Argument(help="The inventory; `-` reads standard input.")],
    store: Annotated[str, typer.Option(help="The store that holds it.", show_default=False)],
    broker: BrokerUrl,
    prefix: Prefix = DEFAULT_PREFIX,
    events: EventTopics = list(DEFAULT_EVENTS),  # noqa: B006  # typer copies it
    form: Annotated[
        str | None, typer.Option("--format", help=f"{', '.join(FORMATS)}; default: by name.")
    ] = None,
    taken_at: Annotated[
        str | None,
        typer.Option(help="When the inventory was taken; default: when the file was written."),
    ] = None,
) -> None:
    """Publish an inventory as `inventoried` events; goes on where an interrupted import stopped.

    What the ledger does not know yet gets its limit like any record, counted from its collection,
    and the finding UNTRACKED_RECORD. Exit code 1 when rows were refused.
    """
    console = Console(stderr=True, soft_wrap=True)
    form = form or format_of(str(file))
    if form not in FORMATS:
        raise InvalidInput(f"`{form}` is not a format; choose {', '.join(FORMATS)}")
    topics = topics_of(prefix, events)
    with reachable(broker, prefix, console) as log:
        if log.partitions(topics.commands(store)) is None:
            raise InvalidInput(
                f"store {store} has no command topic; "
                f"create it: {topics.creation(broker, (store,))}"
            )
        done = _begin(file, store, taken_at)
        codec = Codec.from_settings(Settings(broker, prefix=prefix, events=tuple(events)))
        job = _Import(file, store, form, done, console)
        job.run(log, codec, events[0])
    console.print(
        f"retention: {done.rows - done.refused:,} records of store {store} published to "
        f"{events[0]}, {done.refused:,} rows refused"
    )
    if done.refused:
        raise typer.Exit(1)


class _Import:
    """One inventory on its way to a topic."""

    def __init__(self, file: Path, store: str, form: str, done: Done, console: Console) -> None:
        self._file = file
        self._store = store
        self._form = form
        self._done = done
        self._console = console
        self._note = _note_of(file, store)

    def run(self, broker: Broker, codec: Codec, topic: str) -> None:
        """Publish what was not published yet."""
        skip = self._done.rows
        if skip:
            self._console.print(f"retention: going on after row {skip:,}")
        producer = broker.producer()
        with _opened(self._file) as stream, self._progress(stream) as progress:
            try:
                for number, row in enumerate(rows(stream, self._form)):
                    if number >= skip:
                        self._take(row, producer, codec, topic)
                        if self._done.rows % BATCH == 0:
                            self._acknowledge(producer)
                            progress(stream)
            except InvalidInput as error:
                self._end(producer)
                message = f"{self._file}: {error}"
                raise InvalidInput(message) from error
        self._end(producer)
        producer.close()

    def _end(self, producer: Producer) -> None:
        """Wait until all is written; nothing is left of this file to go on with."""
        producer.flush()
        if self._note is not None:
            self._note.unlink(missing_ok=True)

    def _take(self, row: Row, producer: Producer, codec: Codec, topic: str) -> None:
        done = self._done
        done.rows += 1
        said = json.dumps([self._store, done.taken_at, row.fields], sort_keys=True, default=str)
        name = INVENTORY_IDS + hashlib.sha256(said.encode()).hexdigest()[:32]
        try:
            event = event_of(row, store=self._store, event_id=name, taken_at=done.taken_at)
        except InvalidInput as error:
            done.refused += 1
            if done.refused <= SHOWN:
                self._console.print(f"{self._file}:{row.place}: {error}", highlight=False)
            elif done.refused == SHOWN + 1:
                self._console.print("further refused rows are only counted")
            return
        producer.send(topic, event.record_id.encode(), codec.encode_event(event))

    def _acknowledge(self, producer: Producer) -> None:
        """Wait until all is written, then note how far that is."""
        producer.flush()
        if self._note is not None:
            self._note.write_text(json.dumps(asdict(self._done)))

    @contextmanager
    def _progress(self, stream: BinaryIO) -> Iterator[Callable[[BinaryIO], None]]:
        total = self._file.stat().st_size if self._note is not None else None
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[rows]:,} rows"),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=self._console, transient=True) as shown:
            task = shown.add_task(f"store {self._store}", total=total, rows=self._done.rows)

            def report(read: BinaryIO) -> None:
                at = None if total is None else read.tell()
                shown.update(task, completed=at, rows=self._done.rows)

            report(stream)
            yield report


def _begin(file: Path, store: str, taken_at: str | None) -> Done:
    """Return how far a former import of the same inventory came, or the beginning.

    Raises:
        InvalidInput: the file cannot be read, or the instant is none.
    """
    if str(file) == "-":
        at = parse_instant(taken_at) if taken_at else from_datetime(datetime.now(UTC))
        return Done("-", format_instant(at))
    try:
        stat = file.stat()
        with file.open("rb") as stream:
            head = hashlib.sha256(stream.read(1 << 20)).hexdigest()
    except OSError as error:
        raise unreadable(file, error) from error
    at = parse_instant(taken_at) if taken_at else Instant(int(stat.st_mtime) * 1_000)
    fresh = Done(f"{stat.st_size} bytes, {head}", format_instant(at))
    note = _note_of(file, store)
    if note is None or not note.exists():
        return fresh
    try:
        found = Done(**json.loads(note.read_text()))
    except (ValueError, TypeError) as error:
        message = f"{note} cannot be read; remove it to import from the beginning"
        raise InvalidInput(message) from error
    same = (found.inventory, found.taken_at) == (fresh.inventory, fresh.taken_at)
    return found if same else fresh


def _note_of(file: Path, store: str) -> Path | None:
    return None if str(file) == "-" else file.with_name(f"{file.name}.{store}.import")


@contextmanager
def _opened(file: Path) -> Iterator[BinaryIO]:
    if str(file) == "-":
        yield sys.stdin.buffer
        return
    with file.open("rb") as stream:
        yield stream
