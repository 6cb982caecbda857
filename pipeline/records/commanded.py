"""Which of the commands that were issued for a record are remembered: those that decide something.

The others are in the topics of their stores.
"""

import itertools
from collections.abc import Iterable, Mapping

from pipeline.identifiers import StoreName
from pipeline.instants import MAX_INSTANT, Instant
from pipeline.records.issued import Issued, is_open
from pipeline.records.record import Record
from pipeline.vocabulary import SETTLED, CommandKind

MAX_COMMANDS = 16
"""Commands of a kind to one store that are kept once the data they were about is gone."""
MAX_ISSUED_BYTES = 8 << 20
"""What the commands of one record may take in its row, with the signs of data that they name."""
_ALWAYS = 1_000
"""So many commands fit, whatever they say, but for those that name fields."""
_NUMBERS = 250
"""More than the bytes of a command's ids, words and instants."""


def recent(record: Record) -> tuple[Issued, ...]:
    """Return a record's commands: what stores owe an answer to, what stands, the last beside."""
    issued = record.issued
    if len(issued) <= MAX_COMMANDS:
        return issued
    ranked: dict[tuple[str, str], list[Issued]] = {}
    for item in sorted(issued, key=_importance, reverse=True):
        ranked.setdefault((item.store, item.kind), []).append(item)
    kept = {item.command_id for items in ranked.values() for item in items[:MAX_COMMANDS]}
    # Each recipient has to be told, however many there are.
    kept |= {item.command_id for item in issued if item.recipient is not None and is_open(item)}
    # What stands for data that is there would be commanded again, and again.
    gone = {store: record.erased(store) for store in record.stores}
    kept |= {item.command_id for item in issued if _stands(item, gone)}
    return tuple([item for item in issued if item.command_id in kept])


def _stands(item: Issued, gone: Mapping[StoreName, Instant]) -> bool:
    """Whether a command was not taken back, and takes none back, and its data is not all gone."""
    lasts = not item.withdrawn and item.withdraws is None
    return lasts and item.data_until > gone.get(item.store, MAX_INSTANT)


def bounded(issued: tuple[Issued, ...]) -> tuple[Issued, ...]:
    """Keep as many commands as a row may hold: of every store and kind first what decides most."""
    few = len(issued) <= _ALWAYS and not any(item.fields for item in issued)
    if few or sum(map(_size, issued)) <= MAX_ISSUED_BYTES:
        return issued
    groups: dict[tuple[bool, str, str], list[Issued]] = {}
    for item in issued:
        key = (item.kind != CommandKind.DELETE, item.store, item.kind)
        groups.setdefault(key, []).append(item)
    ranked = [_ranked(groups[key]) for key in sorted(groups)]
    levels = itertools.zip_longest(*ranked)
    best_first = [item for level in levels for item in level if item is not None]
    sizes = itertools.accumulate(map(_size, best_first))
    kept = {
        item.command_id
        for item, size in zip(best_first, sizes, strict=True)
        if size <= MAX_ISSUED_BYTES
    }
    return tuple([item for item in issued if item.command_id in kept])


def _ranked(items: list[Issued]) -> list[Issued]:
    """Order commands of one store and kind by what depends on them.

    First what is owed, then what is erased, then what was taken back, which the next id depends on.
    """
    ordered = sorted(items, key=_importance, reverse=True)
    heads = [
        *_first(item for item in ordered if is_open(item)),
        *_first(item for item in ordered if item.outcome in SETTLED),
        *_first(item for item in reversed(items) if item.withdrawn),
    ]
    return list({item.command_id: item for item in (*heads, *ordered)}.values())


def _first(items: Iterable[Issued]) -> list[Issued]:
    return list(itertools.islice(items, 1))


def _importance(item: Issued) -> tuple[bool, Instant, Instant, str]:
    return (is_open(item), item.data_until, item.issued_at, item.command_id)


def _size(item: Issued) -> int:
    # The event that began the life may be kept as a birth and as a touch for its sake.
    texts = (item.store, item.cause, item.citation, *[item.generation] * 3, *item.fields)
    return _NUMBERS + sum([len(text.encode()) for text in texts])
