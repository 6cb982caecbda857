"""Holds by what they name, so that those on a record are found at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from pipeline.documents.match import Matchable
from pipeline.documents.values import Hold
from pipeline.identifiers import RecordId, SubjectId


class HasSubjectId(Protocol):
    """What a hold looks at in a subject."""

    @property
    def subject_id(self) -> SubjectId:
        """Opaque id of the person."""
        ...


class Holdable(Matchable, Protocol):
    """What a hold looks at in a record; `records.Record` is one."""

    @property
    def record_id(self) -> RecordId:
        """Opaque id of the record."""
        ...

    @property
    def subjects(self) -> tuple[HasSubjectId, ...]:
        """Whom it is about."""
        ...


@dataclass(frozen=True)
class HoldIndex:
    """Active holds by what they name."""

    by_record: Mapping[RecordId, tuple[Hold, ...]]
    by_subject: Mapping[SubjectId, tuple[Hold, ...]]
    by_match: tuple[Hold, ...]
    is_empty: bool

    @classmethod
    def of(cls, holds: list[Hold]) -> "HoldIndex":
        """Index holds."""
        by_record: dict[RecordId, tuple[Hold, ...]] = {}
        by_subject: dict[SubjectId, tuple[Hold, ...]] = {}
        for hold in holds:
            for record_id in hold.records:
                by_record[record_id] = (*by_record.get(record_id, ()), hold)
            for subject_id in hold.subjects:
                by_subject[subject_id] = (*by_subject.get(subject_id, ()), hold)
        by_match = tuple(hold for hold in holds if hold.match is not None)
        return cls(by_record, by_subject, by_match, is_empty=not holds)
