"""Rows of our own compacted topics: one that cannot be read stops the job if it is the newest.

What a later row of its key supersedes is left to compaction: so a tombstone under the key is a
remedy at once.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from pipeline.errors import CorruptState, Undecodable
from pipeline.transforms.read import Batch
from pipeline.transports.contract import Broker, Message, Partition
from pipeline.transports.reading import read_on

R = TypeVar("R")


def own_rows(
    batch: Batch, decode: Callable[[bytes], R], broker: Callable[[], Broker]
) -> Iterator[R]:
    """Yield the rows of a batch that can be read; look for what supersedes the others.

    Args:
        batch: of one of our own topics.
        decode: reads a row.
        broker: opens the log; called only when a row cannot be read.

    Raises:
        CorruptState: the newest row of a key cannot be read.
    """
    unreadable: list[Message] = []
    for message in batch.messages:
        if message.value is None:
            continue
        try:
            yield decode(message.value)
        except Undecodable:
            unreadable.append(message)
    if unreadable:
        with broker() as log:
            _demand_superseded(log, unreadable, decode)


def _demand_superseded(
    log: Broker, unreadable: Sequence[Message], decode: Callable[[bytes], object]
) -> None:
    """Read on once, from the first that cannot be read to the end of its partition."""
    first = unreadable[0]
    # A row without a key is never superseded: its place stands for the key.
    newest: dict[bytes | int | None, Message] = {
        row.offset if row.key is None else row.key: row for row in unreadable
    }
    for later in read_on(log, {Partition(first.topic, first.partition): first.offset}):
        if later.key in newest:
            newest[later.key] = later
    corrupt = [row for row in newest.values() if not _readable(row, decode)]
    if corrupt:
        raise _corrupt(min(corrupt, key=lambda row: row.offset), len(corrupt))


def _readable(message: Message, decode: Callable[[bytes], object]) -> bool:
    if message.value is None:
        return True
    try:
        decode(message.value)
    except Undecodable:
        return False
    return True


def _corrupt(message: Message, count: int) -> CorruptState:
    more = f", nor can {count - 1} more there" if count > 1 else ""
    return CorruptState(
        f"{message.topic}/{message.partition} offset {message.offset} cannot be read{more}, and no "
        "later row of its key replaces it; inspect it, then publish a tombstone under its key: see "
        "CorruptState in the README"
    )
