"""Every version of every document that may still count, and which of them do at an instant.

The highest version that has taken effect counts, whatever the order of arrival; where a second
person must approve, only approved versions do.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import msgspec

from pipeline.documents.envelope import Envelope, parsed
from pipeline.documents.in_force import InForce, Key
from pipeline.documents.territories import next_era
from pipeline.documents.values import Control, Document
from pipeline.instants import MIN_INSTANT, Instant


class _Version(NamedTuple):
    """One version of a document. Versions sort by rank: number, then digest, then author."""

    number: int
    digest: str
    author: str
    envelope: Envelope
    document: Document

    @property
    def since(self) -> Instant:
        return self.envelope.effective_from or MIN_INSTANT

    @property
    def scope(self) -> str:
        return f"{self.envelope.kind}/{self.envelope.document_id}@{self.number}"


@dataclass(frozen=True, eq=False, repr=False)
class Versions:
    """The documents that are known; a value. Build it with `of`, or empty and `applied`.

    Attributes:
        approvals: kinds of documents that take effect only once another person than their author
            has approved them, by a control `document:KIND/ID@VERSION`.
    """

    approvals: frozenset[str] = frozenset()
    _entries: Mapping[Key, tuple[_Version, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, envelopes: Iterable[Envelope], approvals: Iterable[str] = ()) -> "Versions":
        """Return what is known after all of these, in any order.

        Raises:
            InvalidDocument: as `applied`.
        """
        versions = cls(frozenset(approvals))
        for envelope in envelopes:
            versions = versions.applied(envelope)
        return versions

    def applied(self, envelope: Envelope) -> "Versions":
        """Return what is known once this version is; itself when it is no news.

        Of two texts with one version number the one with the greater digest, then author, counts,
        so that every shard comes to the same whatever it reads first.

        Raises:
            InvalidDocument: the envelope cannot be parsed.
        """
        document = parsed(envelope)
        new = _Version(envelope.version, envelope.digest, envelope.author, envelope, document)
        key = (envelope.kind, envelope.document_id)
        known = self._entries.get(key, ())
        # Of one number only the greater rank stays; then what can never count again goes.
        by_number = {version.number: version for version in sorted((*known, new), key=_rank)}
        kept = self._useful(envelope.kind, tuple(sorted(by_number.values(), key=_rank)))
        if kept == known:
            return self
        return Versions(self.approvals, {**self._entries, key: kept})

    def _useful(self, kind: str, versions: tuple[_Version, ...]) -> tuple[_Version, ...]:
        """Leave out versions before one that takes effect no later and needs no approval."""
        if kind in self.approvals:
            return versions
        kept: list[_Version] = []
        for version in versions:
            while kept and version.since <= kept[-1].since:
                kept.pop()
            kept.append(version)
        return tuple(kept)

    @cached_property
    def envelopes(self) -> tuple[Envelope, ...]:
        """The envelope of every version, by kind, id and version: what is journalled."""
        return tuple(
            version.envelope
            for _, versions in sorted(self._entries.items())
            for version in versions
        )

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over kind, id, version, digest and author of every version, in hexadecimal."""
        rows = [
            (one.kind, one.document_id, one.version, one.digest, one.author)
            for one in self.envelopes
        ]
        return hashlib.sha256(msgspec.json.encode(rows)).hexdigest()

    def in_force(self, now: Instant) -> InForce:
        """Return what is in force at an instant, and until when."""
        chosen: dict[Key, tuple[Envelope, Document]] = {}
        changes = [change for change in (next_era(now),) if change is not None]
        waiting: list[str] = []
        for key, versions in self._entries.items():
            approved = [version for version in versions if self._approved(key[0], version)]
            effective = [version for version in approved if version.since <= now]
            changes += [version.since for version in approved if version.since > now]
            waiting += [version.scope for version in versions if version not in approved]
            if effective:
                chosen[key] = (effective[-1].envelope, effective[-1].document)
        return InForce(chosen, now, min(changes, default=None), tuple(sorted(waiting)))

    def _approved(self, kind: str, version: _Version) -> bool:
        if kind not in self.approvals:
            return True
        control = self._approvers.get(version.scope)
        return control is not None and control != version.author

    @cached_property
    def _approvers(self) -> dict[str, str]:
        """Who approved which document, by `kind/id@version`."""
        newest = (versions[-1].document for versions in self._entries.values())
        return {
            control.scope.removeprefix("document:"): control.author
            for control in newest
            if isinstance(control, Control)
            and control.action == "approve"
            and control.scope.startswith("document:")
        }

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Versions):
            return NotImplemented
        return (self.approvals, self.envelopes) == (other.approvals, other.envelopes)

    def __hash__(self) -> int:
        return hash((self.approvals, self.fingerprint))

    def __repr__(self) -> str:
        return f"Versions({len(self.envelopes)} of {len(self._entries)}, {self.fingerprint[:12]})"

    def __reduce__(self) -> tuple[object, tuple[tuple[Envelope, ...], tuple[str, ...]]]:
        """Pickle the envelopes only; the rest is made from them."""
        return (Versions.of, (self.envelopes, tuple(sorted(self.approvals))))


def _rank(version: _Version) -> tuple[int, str, str]:
    return (version.number, version.digest, version.author)
