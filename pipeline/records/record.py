"""A record as the ledger knows it: facts that events add, and the commands about it.

The facts form a join-semilattice (`joining`): every field is a union, a least or a greatest value.
Limits are not kept: `rules` computes them from these facts and the documents in force, so that a
new policy reaches what is already here.
"""

import itertools
from typing import Any, NamedTuple

import msgspec

from pipeline.events import INVENTORY_IDS, Evidence, Subject
from pipeline.identifiers import EventId, RecordId, StoreName, SubjectId
from pipeline.instants import MIN_INSTANT, Instant
from pipeline.records.fields import FieldCategory
from pipeline.records.issued import Answer, Issued
from pipeline.records.lineage import Heard, Taint, is_key
from pipeline.vocabulary import SETTLED, Anchor, CommandKind


class Birth(msgspec.Struct, frozen=True, gc=False, array_like=True, order=True):
    """One event that shows that data exists under the record's id.

    `at` is when it happened, `collected_at` what it says of the collection. Sorted by `at`.
    """

    at: Instant
    event_id: EventId
    collected_at: Instant


INFORMED, DISCLOSED = "informed", "disclosed"
"""Names of anchors that start no clock: people were told, a recipient was given the data."""


class Record(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Everything that is known of one record id. See `schemas/record.avsc` for each field.

    A record lives in each of its stores until a settled deletion there (or a reported one, `cut`)
    covers the newest sign of data in it; a later sign starts a new life with a generation of its
    own. What was said before a life began counts for it no more (`of_life`).
    """

    record_id: RecordId
    births: tuple[Birth, ...] = ()
    kind: str = "source"
    parents: tuple[RecordId, ...] = ()
    subjects: tuple[Subject, ...] = ()
    purposes: tuple[str, ...] = ()
    lawful_bases: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    stores: tuple[StoreName, ...] = ()
    recipients: tuple[str, ...] = ()
    natural_key_hash: str | None = None
    anchors: tuple[tuple[str, Instant], ...] = ()
    cut: Instant = MIN_INSTANT
    issued: tuple[Issued, ...] = ()
    version: int = 0
    answers: tuple[Answer, ...] = ()
    touches: tuple[Birth, ...] = ()
    stated: tuple[Instant, ...] = ()
    spacing: int = 0
    unplaced_at: Instant = MIN_INSTANT
    children: tuple[RecordId, ...] = ()
    told: tuple[Taint, ...] = ()
    heard: tuple[Heard, ...] = ()
    depth: int = 0
    fields: tuple[FieldCategory, ...] = ()

    @property
    def base(self) -> Instant:
        """When the values were stated that `stated` says nothing of: at the first sign of data."""
        signs = (*self.births[:1], *self.touches[:1])
        return min([sign.at for sign in signs], default=self.cut)

    def erased(self, store: StoreName) -> Instant:
        """Return up to which sign the data is gone from a store."""
        gone = self.cut
        for item in self.issued:
            if item.store == store and item.kind == _DELETE and item.outcome in SETTLED:
                gone = max(gone, item.data_until)
        return gone

    @property
    def gone_everywhere(self) -> Instant:
        """Up to which sign the data is gone from every store; the minimum instant: from none."""
        if not (self.issued or self.cut):
            return MIN_INSTANT
        return min([self.erased(store) for store in self.stores], default=self.cut)

    @property
    def is_known(self) -> bool:
        """Whether an event ever told of it; else it is only named: as a parent, or by a store."""
        return bool(self.births or self.touches or self.issued or self.cut)

    @property
    def ended_at(self) -> Instant | None:
        """When it was last said that data of it is gone; None: some may be there, or never was."""
        if self.alive:
            return None
        said = [self.cut, *[taint.deleted_at for taint in self.told]]
        # A store's clock may be wrong; ours says when it was commanded.
        said += [max(item.answered_at or MIN_INSTANT, item.issued_at) for item in self.issued]
        return max(said) or None

    def lives(self) -> dict[Instant, list[StoreName]]:
        """Return the stores where data is believed to exist, by what was erased before.

        A record without stores lives nowhere in particular: one entry, without stores. A sign that
        names no store is one of data in every store.
        """
        if not self.stores:
            newest = max([sign.at for sign in (*self.births[-1:], *self.touches[-1:])], default=-1)
            return {self.cut: []} if newest > self.cut else {}
        if not (self.issued or self.cut):
            return {MIN_INSTANT: list(self.stores)}
        lives: dict[Instant, list[StoreName]] = {}
        for store, stated in said_of(self).values[_STORES].items():
            gone = self.erased(store)
            if max(stated, self.unplaced_at) > gone:
                lives.setdefault(gone, []).append(store)
        return lives

    def newest(self, store: StoreName) -> Instant:
        """Return the newest sign of data in a store; the minimum instant: there is none."""
        stated = said_of(self).values[_STORES].get(store, MIN_INSTANT)
        return max(stated, self.unplaced_at)

    @property
    def alive(self) -> bool:
        """Whether data is believed to exist anywhere."""
        if self.stores and not (self.issued or self.cut):  # nothing of it was erased
            return True
        return bool(self.lives())

    @property
    def returned(self) -> tuple[Issued, ...]:
        """Deletions that stores confirmed and after which they have data again."""
        if not self.issued:
            return ()
        here = {store for stores in self.lives().values() for store in stores}
        return tuple(
            [
                item
                for item in self.issued
                if item.kind == _DELETE and item.outcome in SETTLED and item.store in here
            ]
        )

    @property
    def came_back(self) -> tuple[Taint, ...]:
        """Under which documents data of its natural key was deleted before it was collected."""
        newest = max([sign.at for sign in (self.births or self.touches)], default=MIN_INSTANT)
        return tuple(
            [
                taint
                for one in self.heard
                if is_key(one.parent_id)
                for taint in one.taints
                if MIN_INSTANT < taint.deleted_at < newest
            ]
        )

    @property
    def untracked(self) -> bool:
        """Whether a store's inventory has it, but no event ever said that it came to be."""
        return not self.births and any(
            touch.event_id.startswith(INVENTORY_IDS) for touch in self.touches
        )

    def life(self, gone: Instant = MIN_INSTANT) -> tuple[Birth, ...]:
        """Return the births after what was erased; without any, other signs of data."""
        if self.births and self.births[0].at > gone:
            return self.births
        births = tuple(birth for birth in self.births if birth.at > gone)
        return births or tuple(touch for touch in self.touches if touch.at > gone)

    def generation(self, gone: Instant = MIN_INSTANT) -> EventId:
        """Return the id of the event that began the life after what was erased."""
        return self.life(gone)[0].event_id

    def of_life(self, gone: Instant) -> "Record":
        """Return the record with only what was said of it in the life after what was erased."""
        if gone == MIN_INSTANT or min(self.stated, default=self.base) > gone:
            return self
        said = said_of(self).after(gone)
        lists: dict[str, tuple[Any, ...]] = {
            axis: tuple(known) for axis, known in zip(AXES, said.values, strict=True)
        }
        lists["subjects"] = tuple(
            [Subject(name, tuple(said.evidence.get(name, ()))) for name in lists["subjects"]]
        )
        return msgspec.structs.replace(self, **lists, stated=())

    def anchor(self, name: str, gone: Instant = MIN_INSTANT) -> Instant | None:
        """Return when the named clock started in the life after what was erased, or None."""
        if name != Anchor.COLLECTED:
            for kept, at in self.anchors:
                if kept == name and at > gone:
                    return at
            if name != Anchor.LAST_INTERACTION:
                return None
        signs = (*self.births, *self.touches)
        if len(signs) == 1:  # the usual record
            return signs[0].collected_at if signs[0].at > gone else None
        return min([sign.collected_at for sign in signs if sign.at > gone], default=None)


class Said(NamedTuple):
    """When each value of each of `AXES` was last stated, and each piece of evidence, by person."""

    values: list[dict[Any, Instant]]
    evidence: dict[SubjectId, dict[Evidence, Instant]]

    def after(self, gone: Instant) -> "Said":
        """Return what was stated later, and every store: where data may be is asked of them all."""
        values = [_after(known, gone) for known in self.values]
        values[_STORES] = self.values[_STORES]
        return Said(values, {name: _after(known, gone) for name, known in self.evidence.items()})


def _after(known: dict[Any, Instant], gone: Instant) -> dict[Any, Instant]:
    return {value: at for value, at in known.items() if at > gone}


def said_of(record: Record) -> Said:
    """Return when each value of a record was last stated."""
    lists = [getattr(record, axis) for axis in AXES]
    lists[PEOPLE] = tuple([subject.subject_id for subject in record.subjects])
    times = iter(record.stated) if record.stated else itertools.repeat(record.base)
    values = [{value: next(times) for value in found} for found in lists]
    evidence = {
        subject.subject_id: {item: next(times) for item in subject.evidence}
        for subject in record.subjects
    }
    return Said(values, evidence)


AXES = (
    "parents",
    "subjects",
    "purposes",
    "lawful_bases",
    "categories",
    "sources",
    "stores",
    "recipients",
    "fields",
)
"""The lists of a record, in the order in which `stated` says when each value was last stated.

The evidence follows, person by person.
"""
PEOPLE = AXES.index("subjects")
_STORES = AXES.index("stores")
_DELETE = CommandKind.DELETE.value
