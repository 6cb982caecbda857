"""Every version of every document that may still count, and which of them do at an instant.

The highest version that has taken effect counts, whatever the order of arrival; where a second
person must approve texts, or simulations of them, `choice` says which do.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import msgspec

from pipeline.documents.choice import Approved, Version, choose, is_personal, may_wait
from pipeline.documents.envelope import Envelope, parsed
from pipeline.documents.in_force import InForce, Key
from pipeline.documents.life import changes as life_changes
from pipeline.documents.territories import next_era
from pipeline.documents.values import Control, Document, Notice
from pipeline.instants import Instant


@dataclass(frozen=True, eq=False, repr=False)
class Versions:
    """The documents that are known; a value. Build it with `of`, or empty and `applied`.

    Attributes:
        approvals: kinds of documents that take effect only once another person than their author
            has approved them, by a control `document:KIND/ID@VERSION:DIGEST`; with `simulations`
            policies and notices that enforce something newly take effect only once another person
            has approved a simulation of them, by `simulation:KIND/ID@VERSION:DIGEST/RESULT`.
    """

    approvals: frozenset[str] = frozenset()
    _entries: Mapping[Key, tuple[Version, ...]] = field(default_factory=dict)

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
        new = Version(envelope.version, envelope.digest, envelope.author, envelope, document)
        key = _key(envelope, document)
        known = self._entries.get(key, ())
        kept = self._useful(envelope.kind, (*known, new))
        if kept == known:
            return self
        return Versions(self.approvals, {**self._entries, key: kept})

    def _useful(self, kind: str, versions: Iterable[Version]) -> tuple[Version, ...]:
        """Return versions by rank, without those that can never count again."""
        ranked = [found for _, found in sorted({one.rank: one for one in versions}.items())]
        if may_wait(self.approvals, kind):
            return tuple(ranked)
        kept: list[Version] = []
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
            found = choose(versions, self._approved, now)
            waiting += found.waiting
            if found.until is not None:
                changes.append(found.until)
            if found.version is not None:
                document = found.version.document
                chosen[key] = (found.version.envelope, document)
                if isinstance(document, Notice):
                    changes += [at for at in life_changes(document) if at > now]
        return InForce(chosen, now, min(changes, default=None), tuple(sorted(waiting)))

    @cached_property
    def _approved(self) -> Approved:
        """What persons have approved."""
        latest = (versions[-1].document for versions in self._entries.values())
        controls = [one for one in latest if isinstance(one, Control) and is_personal(one)]
        return Approved(self.approvals, tuple(controls))

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


def _key(envelope: Envelope, document: Document) -> Key:
    # The author's own approval of a text must not take the place of another person's.
    if isinstance(document, Control) and is_personal(document):
        return (envelope.kind, f"{envelope.document_id} {envelope.author}")
    return (envelope.kind, envelope.document_id)
