"""Which commands reach data that is believed to exist, and which are about what is gone."""

from typing import NamedTuple

from pipeline.identifiers import EventId, StoreName
from pipeline.instants import Instant
from pipeline.records import Issued, Record


class _Life(NamedTuple):
    """The present life in one store: after what it began, its id, and the newest sign of it."""

    gone: Instant
    generation: EventId
    newest: Instant


class Present:
    """The present lives of a record, store by store."""

    def __init__(self, record: Record) -> None:
        self._lives: dict[StoreName, _Life] = {}
        for gone, stores in record.lives().items():
            for store in stores:
                generation, newest = record.generation(gone), record.newest(store)
                self._lives[store] = _Life(gone, generation, newest)

    def reaches(self, item: Issued) -> bool:
        """Whether obeying the command would do something to data of the present.

        A life whose beginning is told late gets another id; commands given before still reach it.
        """
        if item.recipient is not None:
            return True  # whoever was given a copy has it yet
        life = self._lives.get(item.store)
        if life is None:
            return False
        return item.generation == life.generation or item.data_until > life.gone

    def covers(self, item: Issued) -> bool:
        """Whether a deletion leaves nothing for a further one, as far as is known."""
        life = self._lives.get(item.store)
        if life is None:
            return False
        return item.generation == life.generation or item.data_until >= life.newest
