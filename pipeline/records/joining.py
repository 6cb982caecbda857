"""Joining events into a record.

Applying the same events in any order, any number of times, gives the same record; that is what
makes ids and digests independent of arrival. What a record gathers is bounded: of many signs of
data the first of each stretch of time is kept, of many values the least, of much evidence the first
and last of its kind.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol, TypeVar

import msgspec

from pipeline.events import Event, Evidence, Subject
from pipeline.instants import DAY, MIN_INSTANT, Instant
from pipeline.records.commanded import recent
from pipeline.records.fields import said_of_fields
from pipeline.records.record import (
    AXES,
    DISCLOSED,
    INFORMED,
    PEOPLE,
    Birth,
    Record,
    Said,
    said_of,
)
from pipeline.records.signs import spaced
from pipeline.vocabulary import Anchor, Happening

MAX_VALUES = 1_000
"""Values of one axis that are kept; more is a mistake or an attack, and a finding."""
LATE = 30 * DAY
"""How late, against the erasure that covers it, an event may be read and still count (ms)."""
MAX_EVIDENCE = 64
"""Pieces of evidence that are kept of one person."""


class _Ordered(Protocol):
    def __lt__(self, other: Any, /) -> bool: ...


T = TypeVar("T", bound=_Ordered)

_DELETED = Happening.DELETED.value
_BEGINNINGS = frozenset({Happening.CREATED.value, Happening.DERIVED.value})
_FIELDS = AXES.index("fields")
_REACH = {"source": 0, "template": 1, "model": 2}
_ANCHORS = {
    Happening.ACCESSED.value: Anchor.LAST_INTERACTION.value,
    Happening.PURPOSE_ENDED.value: Anchor.PURPOSE_ENDED.value,
    Happening.RELATIONSHIP_ENDED.value: Anchor.RELATIONSHIP_ENDED.value,
    Happening.CONSENT_WITHDRAWN.value: Anchor.CONSENT_WITHDRAWN.value,
    Happening.INFORMED.value: INFORMED,
    Happening.DISCLOSED.value: DISCLOSED,
}


def applied(record: Record | None, event: Event) -> Record:
    """Join an event's facts into the record. Equal to the argument when it adds nothing."""
    return _first(event) if record is None else _joined(record, event)


def is_full(record: Record) -> bool:
    """Whether a record has gathered as many values as are kept."""
    return (
        len(record.parents) >= MAX_VALUES
        or len(record.subjects) >= MAX_VALUES
        or len(record.stores) >= MAX_VALUES
        or len(record.categories) >= MAX_VALUES
        or len(record.purposes) >= MAX_VALUES
        or len(record.lawful_bases) >= MAX_VALUES
        or len(record.sources) >= MAX_VALUES
        or len(record.recipients) >= MAX_VALUES
        or len(record.children) >= MAX_VALUES
        or len(record.fields) >= MAX_VALUES
    )


def _first(event: Event) -> Record:
    """Return what one event says of a record that was not known: what `_joined` would, sooner."""
    happened = event.happened_at
    if event.what == _DELETED:
        return _joined(Record(event.record_id, kind=event.kind), event)
    collected = happened if event.collected_at is None else event.collected_at
    sign = (Birth(happened, event.event_id, collected),)
    begins = event.what in _BEGINNINGS
    anchor = _ANCHORS.get(event.what)
    return Record(
        event.record_id,
        sign if begins else (),
        event.kind,
        _set(event.parents),
        _people(event.subjects),
        () if event.purpose is None else (event.purpose,),
        () if event.lawful_basis is None else (event.lawful_basis,),
        _set(_categories(event) if event.fields else event.categories),
        () if event.source is None else (event.source,),
        _set(event.stores),
        _set(event.recipients),
        event.natural_key_hash,
        () if anchor is None else ((anchor, happened),),
        touches=() if begins else sign,
        unplaced_at=MIN_INSTANT if event.stores else happened,
        fields=_set(said_of_fields(event.fields)) if event.fields else (),
    )


def _joined(record: Record, event: Event) -> Record:
    happened = event.happened_at
    collected = happened if event.collected_at is None else event.collected_at
    deleted = event.what == _DELETED
    births, touches = record.births, record.touches
    sign = Birth(happened, event.event_id, collected)
    if event.what in _BEGINNINGS:
        births = births if sign in births else tuple(sorted((*births, sign)))
    elif not deleted:
        touches = touches if sign in touches else tuple(sorted((*touches, sign)))
    births, touches, spacing = spaced(record, births, touches)
    unplaced = MIN_INSTANT if deleted or event.stores else happened
    joined = msgspec.structs.replace(
        record,
        births=births,
        touches=touches,
        spacing=spacing,
        kind=_kind(record, event),
        natural_key_hash=_greater(record.natural_key_hash, event.natural_key_hash),
        anchors=_anchored(record.anchors, _ANCHORS.get(event.what), happened),
        cut=max(record.cut, happened) if deleted else record.cut,
        unplaced_at=max(record.unplaced_at, unplaced),
    )
    # A report of a deletion says nothing of why and about whom there was data.
    if deleted:
        return pruned(_from_said(joined, said_of(record)))
    return pruned(_with_values(record, joined, event))


def _kind(record: Record, event: Event) -> str:
    """Return what a record is: what began it says so; of several the one furthest derived.

    What merely happens to it later does not make a photo a model, which a notice may not reach.
    """
    begins = event.what in _BEGINNINGS
    if begins and not record.births:
        return event.kind
    if record.births and not begins:
        return record.kind
    return event.kind if _REACH[event.kind] > _REACH[record.kind] else record.kind


# -- values ------------------------------------------------------------------------------------


def _values(event: Event) -> tuple[tuple[Any, ...], ...]:
    """Return what an event says on each of `AXES`, but for its people."""
    return (
        event.parents,
        (),
        () if event.purpose is None else (event.purpose,),
        () if event.lawful_basis is None else (event.lawful_basis,),
        _categories(event) if event.fields else event.categories,
        () if event.source is None else (event.source,),
        event.stores,
        event.recipients,
        said_of_fields(event.fields) if event.fields else (),
    )


def _categories(event: Event) -> tuple[str, ...]:
    """Return what an event says that the data is, as a whole and field by field."""
    return (*event.categories, *[word for field in event.fields for word in field.categories])


def _with_values(before: Record, record: Record, event: Event) -> Record:
    """Join what an event says, and when it was last said, into a record's lists."""
    said = said_of(before)
    at = event.happened_at
    for known, values in zip(said.values, _values(event), strict=True):
        for value in values:
            known[value] = max(known.get(value, at), at)
    for subject in event.subjects:
        people = said.values[PEOPLE]
        people[subject.subject_id] = max(people.get(subject.subject_id, at), at)
        evidence = said.evidence.setdefault(subject.subject_id, {})
        for item in subject.evidence:
            evidence[item] = max(evidence.get(item, at), at)
    return _from_said(record, said)


def _from_said(record: Record, said: Said) -> Record:
    ordered = [sorted(known.items())[:MAX_VALUES] for known in said.values]
    times = [at for items in ordered for _, at in items]
    lists: dict[str, tuple[Any, ...]] = {
        axis: tuple([value for value, _ in items])
        for axis, items in zip(AXES, ordered, strict=True)
    }
    subjects = []
    for name in lists["subjects"]:
        evidence = said.evidence.get(name, {})
        kept = _condensed(evidence, evidence)
        subjects.append(Subject(name, kept))
        times += [evidence[item] for item in kept]
    lists["subjects"] = tuple(subjects)
    base = record.base
    same = all(at == base for at in times)
    return msgspec.structs.replace(record, **lists, stated=() if same else tuple(times))


def pruned(record: Record, late_ms: int = LATE) -> Record:
    """Leave out what was said, and seen, only of data that is gone everywhere.

    Args:
        record: its facts.
        late_ms: what was said and seen so shortly before the last erasure stays: an event that is
            read late may tell of a store where it is not gone.
    """
    floor = record.gone_everywhere - late_ms
    if floor <= MIN_INSTANT:
        return record
    left = msgspec.structs.replace(
        record,
        issued=recent(record),
        births=tuple([sign for sign in record.births if sign.at > floor]),
        touches=tuple([sign for sign in record.touches if sign.at > floor]),
        anchors=tuple([(name, at) for name, at in record.anchors if at > floor]),
    )
    before = said_of(record)
    after = before.after(Instant(floor))
    if len(record.fields) >= MAX_VALUES and record.alive:
        # What was cut off may be of the present: that something was must be seen (`rules`).
        after.values[_FIELDS] = before.values[_FIELDS]
    return _from_said(left, after)


def _set(values: tuple[T, ...]) -> tuple[T, ...]:
    return values if len(values) < 2 else tuple(sorted(set(values))[:MAX_VALUES])


def _people(subjects: tuple[Subject, ...]) -> tuple[Subject, ...]:
    if len(subjects) == 1:  # the usual event
        person = subjects[0]
        signs = person.evidence
        if len(signs) < 2:
            return subjects
        if len(signs) == 2 and signs[0].signal != signs[1].signal:  # nothing to leave out
            if signs[0] < signs[1]:
                return subjects
            return (Subject(person.subject_id, (signs[1], signs[0])),)
    evidence: dict[Any, list[Evidence]] = {}
    for subject in subjects:
        evidence.setdefault(subject.subject_id, []).extend(subject.evidence)
    return tuple([Subject(name, _condensed(items)) for name, items in sorted(evidence.items())])


def _condensed(
    evidence: Iterable[Evidence], said: Mapping[Evidence, Instant] | None = None
) -> tuple[Evidence, ...]:
    """Keep, of each signal and territory, the first observation and the last.

    Args:
        evidence: of one person.
        said: when each piece was last stated; the one stated last is kept too, for a life that
            begins before then.
    """
    spans: dict[tuple[str, str], list[Evidence]] = {}
    for item in sorted(set(evidence)):
        span = spans.setdefault((item.signal, item.territory), [item, item, item])
        span[1] = item
        if said is not None and said[span[2]] <= said[item]:
            span[2] = item
    kept = sorted({item for span in spans.values() for item in span})
    return tuple(kept[:MAX_EVIDENCE])


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
