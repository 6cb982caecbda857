"""`retention store`: a small real store that obeys; see `pipeline.reference_store`."""

import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from rich.console import Console

from pipeline.cli.files import text_of, unreadable
from pipeline.cli.options import KeyringFile, Prefix, SigningKeyName
from pipeline.cli.signing import key_for
from pipeline.cli.waiting import reachable
from pipeline.errors import InvalidInput
from pipeline.instants import Clock
from pipeline.reference_store import (
    ReferenceStore,
    StoreService,
    clock_of,
    read_seeds,
    to_json_lines,
)
from pipeline.reference_store.clocks import SystemClock
from pipeline.signing import load_keyring, receipts_of
from pipeline.transports.topics import DEFAULT_PREFIX, Topics

_SQLITE = b"SQLite format 3\0"
"""What every such file begins with, unless it is empty."""


def store(
    name: Annotated[str, typer.Option(help="Name of the store, as events have it.")],
    database: Annotated[Path, typer.Option(help="Its SQLite file; made when it is not there.")],
    broker: Annotated[
        str | None,
        typer.Option(
            "--broker",
            envvar="RETENTION_BROKER",
            help="kafka://host:port or sqlite:///path/to/file.db; not needed with --inventory.",
        ),
    ] = None,
    prefix: Prefix = DEFAULT_PREFIX,
    add: Annotated[
        Path | None, typer.Option(help="JSON lines to keep first; what it had stays as it is.")
    ] = None,
    inventory: Annotated[
        bool, typer.Option("--inventory", help="Print what it holds as JSON lines, and end.")
    ] = False,
    signing_key: SigningKeyName = None,
    keyring: KeyringFile = None,
) -> None:
    """Obey and answer the commands to one store until SIGTERM or Ctrl-C."""
    console = Console(stderr=True, soft_wrap=True, markup=False, highlight=False)
    _demand_database(database)
    if inventory:
        if add is None and not database.exists():
            raise InvalidInput(f"{database} does not exist; give the file of a store")
        with ReferenceStore(database, name) as kept:
            _add(kept, add, SystemClock(), console)
            to_json_lines(kept.inventory(), sys.stdout)
        return
    if broker is None:
        raise InvalidInput("--broker is missing; give it, or set RETENTION_BROKER")
    known = None if keyring is None else load_keyring(keyring)
    key, _ = key_for(signing_key, keyring, receipts_of(name))
    _on_signal(_leave)  # what is under way here may be left at any point
    with ReferenceStore(database, name) as kept, reachable(broker, prefix, console) as log:
        clock = clock_of(log)
        _add(kept, add, clock, console)
        with StoreService(kept, log, clock, prefix=prefix, keyring=known, key=key) as service:
            stop = threading.Event()
            if log.partitions(service.topic) is None:
                topics = Topics(prefix)
                raise InvalidInput(
                    f"topic {service.topic} does not exist; create it: "
                    f"{topics.creation(broker, (name,))}"
                )
            _on_signal(lambda _number, _frame: stop.set())
            console.print(f"retention: store {name} obeys {service.topic}")
            service.run(stop)
            done = f"{service.answered} answered, {service.skipped} passed over"
            if service.refused:
                done += f", {service.refused.total()} not believed"
    console.print(f"retention: store {name} stopped; {done}")


def _demand_database(file: Path) -> None:
    """Refuse a file that SQLite could not open, in the same words as any other wrong file.

    Raises:
        InvalidInput: it is a folder, cannot be read, or is no SQLite database.
    """
    try:
        with file.open("rb") as stream:
            head = stream.read(len(_SQLITE))
    except FileNotFoundError:
        return
    except OSError as error:
        raise unreadable(file, error) from error
    if head and head != _SQLITE:
        raise InvalidInput(f"{file} is not a database of SQLite; name another file")


def _on_signal(handler: Callable[[int, FrameType | None], None]) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, handler)


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise typer.Exit(0)


def _add(kept: ReferenceStore, file: Path | None, clock: Clock, console: Console) -> None:
    """Keep the copies of a file.

    Raises:
        InvalidInput: the file or a line of it cannot be read; nothing is kept.
    """
    if file is None:
        return
    lines = text_of(file).split("\n")
    added = kept.add(read_seeds(lines, str(file)), clock.now())
    console.print(
        f"retention: store {kept.name} keeps {added.kept} more; {added.left_out} were there or "
        "deleted before"
    )
