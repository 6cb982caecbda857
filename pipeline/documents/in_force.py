"""What is in force: the newest version of every document, ready to be asked.

Highest version wins, whatever the order of arrival; queries are answered from an index that is
made once. What the documents mean for a record is for `rules`.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol, TypeVar

import msgspec

from pipeline.documents.envelope import Envelope, parsed
from pipeline.documents.policy import DEFAULT_LEAD, Policy
from pipeline.documents.values import Control, Document, Hold, Notice
from pipeline.identifiers import Cause, RecordId, StoreName, SubjectId

D = TypeVar("D", Policy, Notice, Hold, Control)

Key = tuple[str, str]


class HasSubjectId(Protocol):
    """What a hold looks at in a subject."""

    @property
    def subject_id(self) -> SubjectId:
        """Opaque id of the person."""
        ...


class Holdable(Protocol):
    """What a hold looks at in a record; `records.Record` is one."""

    @property
    def record_id(self) -> RecordId:
        """Opaque id of the record."""
        ...

    @property
    def subjects(self) -> tuple[HasSubjectId, ...]:
        """Whom it is about."""
        ...

    @property
    def purposes(self) -> tuple[str, ...]:
        """Why it is held."""
        ...

    @property
    def categories(self) -> tuple[str, ...]:
        """What it is."""
        ...

    @property
    def lawful_bases(self) -> tuple[str, ...]:
        """By what right it is held."""
        ...

    @property
    def sources(self) -> tuple[str, ...]:
        """Where it came from."""
        ...


@dataclass(frozen=True, eq=False, repr=False)
class InForce:
    """The newest version of each document; a value: nothing in it changes.

    A released hold and a withdrawn notice stay in it, so that an older version that arrives late
    does not come back. Build it with `InForce()` and `applied`, or with `of`.
    """

    _entries: Mapping[Key, tuple[Envelope, Document]] = field(default_factory=dict)

    @classmethod
    def of(cls, envelopes: Iterable[Envelope]) -> "InForce":
        """Return what is in force after all of these, in any order.

        Raises:
            InvalidDocument: as `applied`.
        """
        in_force = cls()
        for envelope in envelopes:
            in_force = in_force.applied(envelope)
        return in_force

    def applied(self, envelope: Envelope) -> "InForce":
        """Return what is in force once this version is known; itself when it is no news.

        The highest version wins; of equal versions the greater digest, then author, so that every
        shard comes to the same whatever it reads first.

        Raises:
            InvalidDocument: the envelope cannot be parsed. What was in force stays so.
        """
        document = parsed(envelope)
        key = (envelope.kind, envelope.document_id)
        known = self._entries.get(key)
        if known is not None and _rank(known[0]) >= _rank(envelope):
            return self
        return InForce({**self._entries, key: (envelope, document)})

    @cached_property
    def envelopes(self) -> tuple[Envelope, ...]:
        """The newest envelope of each document, by kind and id: what is journalled."""
        return tuple(envelope for _, (envelope, _) in sorted(self._entries.items()))

    @cached_property
    def policies(self) -> tuple[Policy, ...]:
        """Policies by id."""
        return self._documents(Policy)

    @cached_property
    def notices(self) -> tuple[Notice, ...]:
        """Notices by id, withdrawn ones included."""
        return self._documents(Notice)

    @cached_property
    def holds(self) -> tuple[Hold, ...]:
        """Holds by id, released ones included."""
        return self._documents(Hold)

    @cached_property
    def controls(self) -> tuple[Control, ...]:
        """The latest control of each scope, by scope."""
        return self._documents(Control)

    def _documents(self, kind: type[D]) -> tuple[D, ...]:
        documents = (document for _, document in self._entries.values())
        found = [document for document in documents if isinstance(document, kind)]
        return tuple(sorted(found, key=lambda document: document.document_id))

    def holds_on(self, record: Holdable, residency: tuple[str, ...]) -> tuple[Hold, ...]:
        """Return the active holds on a record, by id.

        Args:
            record: the record.
            residency: its residency as `tags.residency` gives it. A hold that matches a residency
                reaches records of unknown residency too: what may be meant is not destroyed.
        """
        index = self._holds
        if index.is_empty:
            return ()
        found = {*index.by_record.get(record.record_id, ())}
        for subject in record.subjects:
            found.update(index.by_subject.get(subject.subject_id, ()))
        for hold in index.by_match:
            if hold.match is not None and hold.match.covers(
                residency=residency,
                purposes=record.purposes,
                categories=record.categories,
                lawful_bases=record.lawful_bases,
                sources=record.sources,
                # Fail closed: what may be meant by a hold is not destroyed.
                unknown_residency_covered=True,
            ):
                found.add(hold)
        return tuple(sorted(found, key=lambda hold: hold.document_id)) if found else ()

    def stopped(self, store: StoreName, cause: Cause) -> Control | None:
        """Return the pause that stops deletions in a store for a cause, or None.

        A pause of everything is named before one of the store, that before one of the rule.
        """
        pauses = self._pauses
        if not pauses:
            return None
        rule = cause.removeprefix("policy:") if cause.startswith("policy:") else None
        for scope in ("all", f"store:{store}", f"rule:{rule}"):
            if scope in pauses:
                return pauses[scope]
        return None

    def approved(self, cause: Cause) -> int | None:
        """Return the version of the approval given for a cause, or None.

        Versions count up, so that a further approval is told from the one that was used.
        """
        return self._approvals.get(cause)

    def lead(self, store: StoreName) -> int:
        """Return how many milliseconds before a limit a store is told to delete.

        Of several policies that name the store, the longest lead holds.
        """
        return self._leads.get(store, DEFAULT_LEAD)

    def at_most(self, cause: Cause) -> int | None:
        """Return how many deletions a day a rule may cause before it asks; None: any number."""
        return self._most.get(cause)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over kind, id, version, digest and author of every document, in hexadecimal."""
        rows = [
            (one.kind, one.document_id, one.version, one.digest, one.author)
            for one in self.envelopes
        ]
        return hashlib.sha256(msgspec.json.encode(rows)).hexdigest()

    @cached_property
    def _holds(self) -> "_HoldIndex":
        return _HoldIndex.of([hold for hold in self.holds if hold.state == "active"])

    @cached_property
    def _pauses(self) -> dict[str, Control]:
        return {control.scope: control for control in self.controls if control.action == "pause"}

    @cached_property
    def _approvals(self) -> dict[str, int]:
        return {
            control.scope.removeprefix("cause:"): control.version
            for control in self.controls
            if control.action == "approve"
        }

    @cached_property
    def _leads(self) -> dict[StoreName, int]:
        leads: dict[StoreName, int] = {}
        for policy in self.policies:
            for store, settings in policy.stores.items():
                leads[store] = max(leads.get(store, 0), settings.lead)
        return leads

    @cached_property
    def _most(self) -> dict[Cause, int]:
        return {
            policy.cause(rule.rule_id): rule.at_most
            for policy in self.policies
            for rule in policy.rules
            if rule.at_most is not None
        }

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, InForce):
            return NotImplemented
        return self.envelopes == other.envelopes

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    def __repr__(self) -> str:
        return f"InForce({len(self._entries)} documents, {self.fingerprint[:12]})"

    def __reduce__(self) -> tuple[object, tuple[tuple[Envelope, ...]]]:
        """Pickle the envelopes only; the rest is made from them."""
        return (InForce.of, (self.envelopes,))


@dataclass(frozen=True)
class _HoldIndex:
    """Active holds by what they name."""

    by_record: Mapping[RecordId, tuple[Hold, ...]]
    by_subject: Mapping[SubjectId, tuple[Hold, ...]]
    by_match: tuple[Hold, ...]
    is_empty: bool

    @classmethod
    def of(cls, holds: list[Hold]) -> "_HoldIndex":
        by_record: dict[RecordId, tuple[Hold, ...]] = {}
        by_subject: dict[SubjectId, tuple[Hold, ...]] = {}
        for hold in holds:
            for record_id in hold.records:
                by_record[record_id] = (*by_record.get(record_id, ()), hold)
            for subject_id in hold.subjects:
                by_subject[subject_id] = (*by_subject.get(subject_id, ()), hold)
        by_match = tuple(hold for hold in holds if hold.match is not None)
        return cls(by_record, by_subject, by_match, is_empty=not holds)


def _rank(envelope: Envelope) -> tuple[int, str, str]:
    return (envelope.version, envelope.digest, envelope.author)
