"""Holds and requests by whom and what they name, so that those on a record are found at once."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from pipeline.documents.match import Judged, Matchable, Reach
from pipeline.documents.values import Hold
from pipeline.identifiers import RecordId, SubjectId
from pipeline.instants import Instant


class Names(Protocol):
    """A document that names records and people."""

    @property
    def records(self) -> tuple[RecordId, ...]:
        """Records."""
        ...

    @property
    def subjects(self) -> tuple[SubjectId, ...]:
        """People."""
        ...


N = TypeVar("N", bound=Names)


class HasSubjectId(Protocol):
    """What is looked at in a subject."""

    @property
    def subject_id(self) -> SubjectId:
        """Opaque id of the person."""
        ...


class Nameable(Matchable, Protocol):
    """What is looked at in a record; `records.Record` is one."""

    @property
    def record_id(self) -> RecordId:
        """Opaque id of the record."""
        ...

    @property
    def subjects(self) -> tuple[HasSubjectId, ...]:
        """Whom it is about."""
        ...


@dataclass(frozen=True)
class Naming(Generic[N]):
    """Documents by the records and people that they name."""

    by_record: Mapping[RecordId, tuple[N, ...]]
    by_subject: Mapping[SubjectId, tuple[N, ...]]

    @classmethod
    def of(cls, documents: Iterable[N]) -> "Naming[N]":
        """Index documents."""
        by_record: dict[RecordId, tuple[N, ...]] = {}
        by_subject: dict[SubjectId, tuple[N, ...]] = {}
        for document in documents:
            for record_id in document.records:
                by_record[record_id] = (*by_record.get(record_id, ()), document)
            for subject_id in document.subjects:
                by_subject[subject_id] = (*by_subject.get(subject_id, ()), document)
        return cls(by_record, by_subject)

    def naming(self, record: Nameable) -> Iterator[N]:
        """Yield what names a record or one of its people; some perhaps twice."""
        yield from self.by_record.get(record.record_id, ())
        for subject in record.subjects:
            yield from self.by_subject.get(subject.subject_id, ())


@dataclass(frozen=True)
class HoldIndex:
    """Active holds by what they name."""

    named: Naming[Hold]
    by_match: tuple[Hold, ...]
    is_empty: bool

    @classmethod
    def of(cls, holds: list[Hold]) -> "HoldIndex":
        """Index holds."""
        by_match = tuple(hold for hold in holds if hold.match is not None)
        return cls(Naming.of(holds), by_match, is_empty=not holds)

    def on(self, record: Nameable, judged: Judged, at: Instant) -> tuple[Hold, ...]:
        """Return the holds on a record, by id."""
        # By id, not in a set: the hash of a hold reads everything that it names.
        found = {hold.document_id: hold for hold in self.named.naming(record)}
        found |= {
            hold.document_id: hold
            for hold in self.by_match
            if hold.match is not None and hold.match.reach(record, judged, at) > Reach.NO
        }
        return tuple(found[name] for name in sorted(found))
