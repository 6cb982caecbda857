"""Every version of every document that may still count, and which of them do at an instant.

The highest version that has taken effect counts, whatever the order of arrival; where a second
person must approve, only texts that one did approve do.
"""

import hashlib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import msgspec

from pipeline.documents.envelope import Envelope, parsed
from pipeline.documents.in_force import InForce, Key
from pipeline.documents.life import changes as life_changes
from pipeline.documents.territories import next_era
from pipeline.documents.values import APPROVAL_DIGITS, DOCUMENT_SCOPE, Control, Document, Notice
from pipeline.instants import MIN_INSTANT, Instant


class _Version(NamedTuple):
    """One version of a document."""

    number: int
    digest: str
    author: str
    envelope: Envelope
    document: Document

    @property
    def since(self) -> Instant:
        return self.envelope.effective_from or MIN_INSTANT

    @property
    def rank(self) -> tuple[int, int, str, str]:
        """By what versions are sorted: the greatest that is in effect counts."""
        # Of two texts with one number the one that takes effect first: what it has replaced for
        # good stays replaced, whatever comes in which order.
        return (self.number, -self.since, self.digest, self.author)

    @property
    def scope(self) -> str:
        return approval_scope(self.envelope)


def approval_scope(envelope: Envelope) -> str:
    """Return the scope of the control by which another person lets this very text take effect."""
    place = f"{envelope.kind}/{envelope.document_id}@{envelope.version}"
    return f"{DOCUMENT_SCOPE}{place}:{envelope.digest[:APPROVAL_DIGITS]}"


@dataclass(frozen=True, eq=False, repr=False)
class Versions:
    """The documents that are known; a value. Build it with `of`, or empty and `applied`.

    Attributes:
        approvals: kinds of documents that take effect only once another person than their author
            has approved them, by a control `document:KIND/ID@VERSION:DIGEST`.
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

        Of two texts with one version number the one that takes effect first counts, then that
        with the greater digest, then author, so that every shard comes to the same whatever it
        reads first. Where another person must approve, both wait.

        Raises:
            InvalidDocument: the envelope cannot be parsed.
        """
        document = parsed(envelope)
        new = _Version(envelope.version, envelope.digest, envelope.author, envelope, document)
        key = _key(envelope, document)
        known = self._entries.get(key, ())
        kept = self._useful(envelope.kind, (*known, new))
        if kept == known:
            return self
        return Versions(self.approvals, {**self._entries, key: kept})

    def _useful(self, kind: str, versions: Iterable[_Version]) -> tuple[_Version, ...]:
        """Return versions by rank, without those that can never count again."""
        ranked = [found for _, found in sorted({one.rank: one for one in versions}.items())]
        if kind in self.approvals:
            return tuple(ranked)
        kept: list[_Version] = []
        for version in ranked:
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

    @property
    def checksum(self) -> int:
        """The first 48 bits of the fingerprint, which a metric can hold exactly."""
        return int(self.fingerprint[:12], 16)

    def in_force(self, now: Instant) -> InForce:
        """Return what is in force at an instant, and until when."""
        chosen: dict[Key, tuple[Envelope, Document]] = {}
        changes = [change for change in (next_era(now),) if change is not None]
        waiting: list[str] = []
        for key, versions in self._entries.items():
            approved = [version for version in versions if self._approved(key[0], version)]
            effective = [version for version in approved if version.since <= now]
            # What a higher version in force has replaced neither changes nor waits for anything.
            least = effective[-1].number if effective else 0
            changes += [one.since for one in approved if one.since > now and one.number > least]
            waiting += [one.scope for one in versions if one.number > least and one not in approved]
            if effective:
                document = effective[-1].document
                chosen[key] = (effective[-1].envelope, document)
                if isinstance(document, Notice):
                    changes += [at for at in life_changes(document) if at > now]
        return InForce(chosen, now, min(changes, default=None), tuple(sorted(waiting)))

    def _approved(self, kind: str, version: _Version) -> bool:
        if kind not in self.approvals:
            return True
        return not self._approvers.get(version.scope, frozenset()) <= {_person(version.author)}

    @cached_property
    def _approvers(self) -> dict[str, frozenset[str]]:
        """Who approved which text, by the scope of their controls."""
        found: dict[str, frozenset[str]] = {}
        for versions in self._entries.values():
            control = versions[-1].document
            if isinstance(control, Control) and control.scope.startswith(DOCUMENT_SCOPE):
                person = _person(control.author)
                found[control.scope] = found.get(control.scope, frozenset()) | {person}
        return found

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


def _person(author: str) -> str:
    """Return what tells authors apart: the same name in other letters is the same person."""
    return unicodedata.normalize("NFKC", author).strip().casefold()


def _key(envelope: Envelope, document: Document) -> Key:
    # The author's own approval of a text must not take the place of another person's.
    if isinstance(document, Control) and document.scope.startswith(DOCUMENT_SCOPE):
        return (envelope.kind, f"{envelope.document_id} {envelope.author}")
    return (envelope.kind, envelope.document_id)
