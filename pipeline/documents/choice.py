"""Which version of one document counts at an instant, and what the others wait for.

The highest version that has taken effect counts. Where a second person must approve texts, or
simulations of them, versions are taken one after the other, from the lowest: each is put beside
the one that counts so far.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

from pipeline.documents.enforcing import enforces_newly
from pipeline.documents.envelope import Envelope, parsed
from pipeline.documents.values import (
    APPROVAL_DIGITS,
    DOCUMENT_SCOPE,
    SIMULATED,
    SIMULATION_SCOPE,
    Control,
    Document,
)
from pipeline.instants import MIN_INSTANT, Instant

SIMULATIONS = "simulations"
"""Stands among the kinds that need a second person for simulations of what is newly enforced."""


class Version(NamedTuple):
    """One version of a document."""

    number: int
    digest: str
    author: str
    envelope: Envelope
    document: Document

    @property
    def since(self) -> Instant:
        """From when it counts."""
        return self.envelope.effective_from or MIN_INSTANT

    @property
    def rank(self) -> tuple[int, int, str, str]:
        """By what versions are sorted: the greatest that is in effect counts."""
        # Of two texts with one number the one that takes effect first: what it has replaced for
        # good stays replaced, whatever comes in which order.
        return (self.number, -self.since, self.digest, self.author)


def named(envelope: Envelope) -> str:
    """Name a very text: `policies/acme@2:0a1b2c3d4e5f`, with the first digits of its digest."""
    place = f"{envelope.kind}/{envelope.document_id}@{envelope.version}"
    return f"{place}:{envelope.digest[:APPROVAL_DIGITS]}"


def approval_scope(envelope: Envelope) -> str:
    """Return the scope of the control by which another person lets this very text take effect."""
    return f"{DOCUMENT_SCOPE}{named(envelope)}"


def simulation_scope(envelope: Envelope) -> str:
    """Return how the scope of a control begins by which another person approves a simulation.

    A slash and the first digits of the digest of what came out follow; see `inquiry.simulation`.
    """
    return f"{SIMULATION_SCOPE}{named(envelope)}"


def is_personal(control: Control) -> bool:
    """Whether a control stands beside those of other authors, rather than in their place."""
    return control.scope.startswith((DOCUMENT_SCOPE, SIMULATION_SCOPE))


def may_wait(kinds: frozenset[str], kind: str) -> bool:
    """Whether a document of a kind may have to wait for a person, when these need a second one."""
    return kind in kinds or _is_simulated(kinds, kind)


def _is_simulated(kinds: frozenset[str], kind: str) -> bool:
    return SIMULATIONS in kinds and kind in SIMULATED


@dataclass(frozen=True)
class Approved:
    """What was approved, and by whom.

    Args:
        kinds: kinds of documents that need a second person; `SIMULATIONS` for simulations.
        controls: the controls that approve; of one person and scope the highest version decides.
    """

    kinds: frozenset[str]
    controls: tuple[Control, ...] = ()

    def lacks(self, version: Version, before: Version | None) -> tuple[str, ...]:
        """Return the scopes of the approvals that a version lacks; none: it can take effect.

        Args:
            version: the version.
            before: the one in force without it.
        """
        kind, scopes = version.envelope.kind, []
        if kind in self.kinds:
            scopes.append(approval_scope(version.envelope))
        known = None if before is None else before.envelope
        if _is_simulated(self.kinds, kind) and _is_new(version.envelope, known):
            scopes.append(simulation_scope(version.envelope))
        if not scopes:
            return ()
        author = {_person(version.author)}
        return tuple([scope for scope in scopes if self._people.get(scope, set()) <= author])

    @cached_property
    def _people(self) -> dict[str, set[str]]:
        """Who approves which text, or a simulation of it, by scope."""
        latest: dict[tuple[str, str], tuple[int, bool]] = {}
        for one in self.controls:
            key = (one.scope, _person(one.author))
            # Of two with one version number the one that takes the approval back.
            found = (one.version, one.action == "withdraw")
            latest[key] = max(found, latest.get(key, found))
        people: dict[str, set[str]] = {}
        for (scope, person), (_, withdrawn) in latest.items():
            if not withdrawn:
                # Any result of this text's: what came out is for people to judge.
                about = scope.rpartition("/")[0] if scope.startswith(SIMULATION_SCOPE) else scope
                people.setdefault(about, set()).add(person)
        return people


class Choice(NamedTuple):
    """The version of a document that counts.

    Attributes:
        version: None: none has taken effect.
        until: when this changes by itself; None: never.
        waiting: scopes of approvals that higher versions wait for.
    """

    version: Version | None
    until: Instant | None
    waiting: tuple[str, ...]


def choose(versions: Sequence[Version], approved: Approved, now: Instant) -> Choice:
    """Choose among the versions of one document, sorted by rank.

    A version that newly enforces something is told from the others by the version in force without
    it: the highest one below it that has taken effect by then itself.
    """
    chosen = _chosen(versions, approved, now)
    waiting = _waiting(versions, approved, now, chosen)
    until = None
    for at in sorted({one.since for one in versions if one.since > now}):
        then = _chosen(versions, approved, at)
        if then is not chosen or _waiting(versions, approved, at, then) != waiting:
            until = at
            break
    return Choice(chosen, until, waiting)


def _chosen(versions: Iterable[Version], approved: Approved, at: Instant) -> Version | None:
    chosen: Version | None = None
    for version in versions:
        if version.since <= at and not approved.lacks(version, chosen):
            chosen = version
    return chosen


def _waiting(
    versions: Sequence[Version], approved: Approved, now: Instant, chosen: Version | None
) -> tuple[str, ...]:
    """Return what versions above the chosen one lack, those that take effect later included."""
    # What a higher version in force has replaced waits for nothing.
    least = 0 if chosen is None else chosen.number
    found: list[str] = []
    for at, version in enumerate(versions):
        if version.number > least:
            before = _chosen(versions[:at], approved, max(now, version.since))
            found += approved.lacks(version, before)
    return tuple(found)


@lru_cache(maxsize=4_096)
def _is_new(envelope: Envelope, before: Envelope | None) -> bool:
    # Asked again at every change of any document, by every shard.
    return enforces_newly(parsed(envelope), None if before is None else parsed(before))


def _person(author: str) -> str:
    """Return what tells authors apart: the same name in other letters is the same person."""
    return unicodedata.normalize("NFKC", author).strip().casefold()
