"""A record as the ledger knows it: facts that events add, and the commands about it.

The facts form a join-semilattice: every field is a union, a least or a greatest value. Applying the
same events in any order, any number of times, gives the same record; that is what makes ids and
digests independent of arrival. Limits are not kept: `rules` computes them from these facts and the
documents in force, so that a new policy reaches what is already here.
"""

from typing import Any, Protocol, TypeVar

import msgspec

from pipeline.events import Event, Subject
from pipeline.identifiers import Cause, CommandId, EventId, RecordId, StoreName
from pipeline.instants import MIN_INSTANT, Instant
from pipeline.vocabulary import SETTLED, Anchor, CommandKind, Happening


class _Ordered(Protocol):
    def __lt__(self, other: Any, /) -> bool: ...


T = TypeVar("T", bound=_Ordered)

KEPT_BIRTHS = 4
"""How many of the earliest, and of the latest, are kept: bounded, and still a lattice."""


class Birth(msgspec.Struct, frozen=True, gc=False, array_like=True, order=True):
    """One event that shows that data exists under the record's id.

    `at` is when it happened, `collected_at` what it says of the collection. Sorted by `at`.
    """

    at: Instant
    event_id: EventId
    collected_at: Instant


class Issued(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A command that was issued for the record, and the best answer so far."""

    command_id: CommandId
    kind: str
    store: StoreName
    cause: Cause
    citation: str
    generation: EventId
    not_before: Instant
    complete_by: Instant
    data_until: Instant
    expires_at: Instant
    issued_at: Instant
    outcome: str | None = None
    answered_at: Instant | None = None
    overdue: bool = False
    cause_version: int = 0
    withdrawn: bool = False


class Answer(msgspec.Struct, frozen=True, gc=False, array_like=True, order=True):
    """A store's answer to a command that is not known, or not known any more after a rollback."""

    command_id: CommandId
    status: str
    at: Instant
    store: StoreName


class Record(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Everything that is known of one record id. See `schemas/record.avsc` for each field.

    A record lives in each of its stores until a settled deletion there (or a reported one, `cut`)
    covers its newest birth; a later birth starts a new life with a generation of its own.
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

    def erased(self, store: StoreName) -> Instant:
        """Return up to which birth the data is gone from a store."""
        gone = self.cut
        for item in self.issued:
            if item.store == store and item.kind == _DELETE and item.outcome in SETTLED:
                gone = max(gone, item.data_until)
        return gone

    def lives(self) -> dict[Instant, list[StoreName]]:
        """Return the stores where data is believed to exist, by what was erased before.

        A record without stores lives nowhere in particular: one entry, without stores.
        """
        newest = max([birth.at for birth in (*self.births[-1:], *self.touches[-1:])], default=-1)
        if not self.issued or not self.stores:
            return {self.cut: list(self.stores)} if newest > self.cut else {}
        lives: dict[Instant, list[StoreName]] = {}
        for store in self.stores:
            gone = self.erased(store)
            if newest > gone:
                lives.setdefault(gone, []).append(store)
        return lives

    @property
    def alive(self) -> bool:
        """Whether data is believed to exist anywhere."""
        return bool(self.lives())

    def life(self, gone: Instant = MIN_INSTANT) -> tuple[Birth, ...]:
        """Return the births after what was erased; without any, other signs of data."""
        if self.births and self.births[0].at > gone:
            return self.births
        births = tuple(birth for birth in self.births if birth.at > gone)
        return births or tuple(touch for touch in self.touches if touch.at > gone)

    def generation(self, gone: Instant = MIN_INSTANT) -> EventId:
        """Return the id of the event that began the life after what was erased."""
        return self.life(gone)[0].event_id

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


_DELETE = CommandKind.DELETE.value
_ANCHORS = {
    Happening.ACCESSED.value: Anchor.LAST_INTERACTION.value,
    Happening.PURPOSE_ENDED.value: Anchor.PURPOSE_ENDED.value,
    Happening.RELATIONSHIP_ENDED.value: Anchor.RELATIONSHIP_ENDED.value,
    Happening.CONSENT_WITHDRAWN.value: Anchor.CONSENT_WITHDRAWN.value,
    Happening.INFORMED.value: "informed",
    Happening.DISCLOSED.value: "disclosed",
}


def applied(record: Record | None, event: Event) -> Record:
    """Join an event's facts into the record. Equal to the argument when it adds nothing."""
    return _first(event) if record is None else _joined(record, event)


def _first(event: Event) -> Record:
    """Return what one event says of a record that was not known: what `_joined` would, sooner."""
    happened = event.happened_at
    collected = happened if event.collected_at is None else event.collected_at
    sign = (Birth(happened, event.event_id, collected),)
    begins, deleted = event.what in _BEGINNINGS, event.what == _DELETED
    anchor = _ANCHORS.get(event.what)
    return Record(
        event.record_id,
        sign if begins else (),
        event.kind,
        _set(event.parents),
        _subjects((), event.subjects),
        () if event.purpose is None else (event.purpose,),
        () if event.lawful_basis is None else (event.lawful_basis,),
        _set(event.categories),
        () if event.source is None else (event.source,),
        _set(event.stores),
        _set(event.recipients),
        event.natural_key_hash,
        () if anchor is None or happened <= MIN_INSTANT else ((anchor, happened),),
        happened if deleted else MIN_INSTANT,
        touches=() if begins or deleted else sign,
    )


def _joined(record: Record, event: Event) -> Record:
    collected = event.happened_at if event.collected_at is None else event.collected_at
    deleted = event.what == _DELETED
    births, touches = record.births, record.touches
    sign = Birth(event.happened_at, event.event_id, collected)
    if event.what in _BEGINNINGS:
        births = _bounded(births, sign)
    elif not deleted:
        touches = _bounded(touches, sign)
    return Record(
        record_id=record.record_id,
        births=births,
        kind=event.kind if _REACH[event.kind] > _REACH[record.kind] else record.kind,
        parents=_union(record.parents, event.parents),
        subjects=_subjects(record.subjects, event.subjects),
        purposes=_added(record.purposes, event.purpose),
        lawful_bases=_added(record.lawful_bases, event.lawful_basis),
        categories=_union(record.categories, event.categories),
        sources=_added(record.sources, event.source),
        stores=_union(record.stores, event.stores),
        recipients=_union(record.recipients, event.recipients),
        natural_key_hash=_greater(record.natural_key_hash, event.natural_key_hash),
        anchors=_anchored(record.anchors, _ANCHORS.get(event.what), event.happened_at),
        cut=max(record.cut, event.happened_at) if deleted else record.cut,
        issued=record.issued,
        version=record.version,
        answers=record.answers,
        touches=touches,
    )


_DELETED = Happening.DELETED.value
_BEGINNINGS = frozenset({Happening.CREATED.value, Happening.DERIVED.value})
_REACH = {"source": 0, "template": 1, "model": 2}


def _bounded(signs: tuple[Birth, ...], sign: Birth) -> tuple[Birth, ...]:
    if sign in signs:
        return signs
    if not signs:
        return (sign,)
    merged = sorted((*signs, sign))
    if len(merged) > 2 * KEPT_BIRTHS:
        merged = merged[:KEPT_BIRTHS] + merged[-KEPT_BIRTHS:]
    return tuple(merged)


def _set(values: tuple[T, ...]) -> tuple[T, ...]:
    return values if len(values) < 2 else tuple(sorted(set(values)))


def _union(kept: tuple[T, ...], new: tuple[T, ...]) -> tuple[T, ...]:
    if not new or kept == new:
        return kept
    return _set((*kept, *new))


def _added(kept: tuple[str, ...], new: str | None) -> tuple[str, ...]:
    if new is None or new in kept:
        return kept
    return tuple(sorted((*kept, new)))


def _greater(kept: str | None, new: str | None) -> str | None:
    if kept is None or new is None:
        return new if kept is None else kept
    return max(kept, new)


def _anchored(
    kept: tuple[tuple[str, Instant], ...], name: str | None, at: Instant
) -> tuple[tuple[str, Instant], ...]:
    if name is None:
        return kept
    anchors = dict(kept)
    if anchors.get(name, MIN_INSTANT) < at:
        anchors[name] = at
    return tuple(sorted(anchors.items()))


def _subjects(kept: tuple[Subject, ...], new: tuple[Subject, ...]) -> tuple[Subject, ...]:
    if not new or kept == new:
        return kept
    if not kept and len(new) == 1:
        subject = new[0]
        items = _set(subject.evidence)
        return new if items == subject.evidence else (Subject(subject.subject_id, items),)
    evidence = {subject.subject_id: set(subject.evidence) for subject in kept}
    for subject in new:
        evidence.setdefault(subject.subject_id, set()).update(subject.evidence)
    return tuple(Subject(name, tuple(sorted(items))) for name, items in sorted(evidence.items()))
