"""What is known at an instant, and the lives that follow from it: who, where, since when."""

from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.events import Event, Evidence, Subject
from pipeline.identifiers import SubjectId
from tests.oracle.history import Document, Words

KINDS = ("source", "template")
"""What a record may be; of several answers the later."""


@dataclass(frozen=True)
class Known:
    """Everything that was told so far.

    Attributes:
        events, documents: whatever order they came in.
        ended: record, store and `data_until` of each deletion that its store settled.
    """

    events: tuple[Event, ...] = ()
    documents: tuple[Document, ...] = ()
    ended: tuple[tuple[str, str, int], ...] = ()


@dataclass(frozen=True)
class Life:
    """A life of a record in a store: what began after `after`, and what was said since.

    `newest`: the newest sign of data in the store.
    """

    record: str
    store: str
    after: int
    newest: int
    said: Words
    subjects: tuple[Subject, ...]
    collected: int
    happened: tuple[tuple[str, int], ...]
    parents: tuple[str, ...] = ()
    kind: str = "source"

    def start(self, clock: str) -> int | None:
        """Return when a clock started: at the latest happening of its name."""
        if clock == "collected":
            return self.collected
        name = "accessed" if clock == "last_interaction" else clock
        times = [at for what, at in self.happened if what == name]
        if not times and clock == "last_interaction":
            return self.collected
        return max(times, default=None)


def lives(known: Known) -> list[Life]:
    """Return every life that has not ended, by record and store."""
    distinct = {event.event_id: event for event in known.events}.values()
    found = []
    for record in sorted({event.record_id for event in distinct}):
        events = [event for event in distinct if event.record_id == record]
        cut = max([event.happened_at for event in events if event.what == "deleted"], default=-1)
        signs = [event for event in events if event.what != "deleted"]
        for store in sorted({store for event in signs for store in event.stores}):
            ends = [until for *where, until in known.ended if where == [record, store]]
            after = max([cut, *ends])
            since = [event for event in signs if event.happened_at > after]
            here = [event for event in since if store in event.stores or not event.stores]
            if here:
                newest = max(event.happened_at for event in here)
                kind = max((event.kind for event in events), key=KINDS.index)
                found.append(_life(record, store, after, newest, since, kind))
    return found


def _life(record: str, store: str, after: int, newest: int, events: list[Event], kind: str) -> Life:
    said = Words(
        purpose=_words(event.purpose for event in events),
        category=_words(word for event in events for word in event.categories),
        lawful_basis=_words(event.lawful_basis for event in events),
        source=_words(event.source for event in events),
    )
    people: dict[SubjectId, set[Evidence]] = {}
    for event in events:
        for subject in event.subjects:
            people.setdefault(subject.subject_id, set()).update(subject.evidence)
    return Life(
        record=record,
        store=store,
        after=after,
        newest=newest,
        said=said,
        subjects=tuple(Subject(name, tuple(sorted(signs))) for name, signs in people.items()),
        collected=min(event.collected_at or event.happened_at for event in events),
        happened=tuple((event.what, event.happened_at) for event in events),
        parents=tuple(sorted({str(name) for event in events for name in event.parents})),
        kind=kind,
    )


def _words(words: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(sorted({word for word in words if word is not None}))
