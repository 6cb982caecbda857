"""What is in force at one instant: one version of every document, ready to be asked.

`versions` chooses the versions; queries are answered from an index that is made once. What the
documents mean for a record is for `rules`.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

import msgspec

from pipeline.documents.envelope import Envelope, parsed
from pipeline.documents.holding import HoldIndex, Nameable, Naming
from pipeline.documents.life import Standing, changes, happened_by, kept_by, standing
from pipeline.documents.match import Judged
from pipeline.documents.policy import DEFAULT_RULE, AtMost, Policy, StoreSettings
from pipeline.documents.requests import Request
from pipeline.documents.stores import DEFAULT_STORE, stores_of
from pipeline.documents.territories import era
from pipeline.documents.values import MODEL_SCOPE, Control, Document, Hold, Notice
from pipeline.identifiers import Cause, RecordId, StoreName
from pipeline.instants import MIN_INSTANT, Instant
from pipeline.vocabulary.signals import DEFAULT_METHOD, Method

D = TypeVar("D", Policy, Notice, Hold, Request, Control)

Key = tuple[str, str]
"""Kind and id of a document."""


@dataclass(frozen=True, eq=False, repr=False)
class InForce:
    """One version of each document; a value: nothing in it changes. `Versions.in_force` makes it.

    A released hold and a withdrawn notice are in it too: they say that they order nothing.

    Attributes:
        at: the instant at which it was asked what is in force.
        until: the instant from which something else is, by itself; None: none is known.
        waiting: scopes of approvals by a second person that are awaited.
    """

    _entries: Mapping[Key, tuple[Envelope, Document]] = field(default_factory=dict)
    at: Instant = MIN_INSTANT
    until: Instant | None = None
    waiting: tuple[str, ...] = ()

    def with_documents(self, envelopes: Iterable[Envelope]) -> "InForce":
        """Return this with documents in place of those of their ids, whatever version and date."""
        documents = {(one.kind, str(one.document_id)): (one, parsed(one)) for one in envelopes}
        found = [d for _, d in documents.values() if isinstance(d, Notice)]
        later = [at for notice in found for at in changes(notice) if at > self.at]
        until = min([*later, *([] if self.until is None else [self.until])], default=None)
        return InForce({**self._entries, **documents}, self.at, until, self.waiting)

    @cached_property
    def envelopes(self) -> tuple[Envelope, ...]:
        """The envelope of each document, by kind and id."""
        return tuple(envelope for _, (envelope, _) in sorted(self._entries.items()))

    @cached_property
    def policies(self) -> tuple[Policy, ...]:
        """Policies by id."""
        return self._documents(Policy)

    @cached_property
    def notices(self) -> tuple[Standing, ...]:
        """Where each notice stands, by id, those that have ended included."""
        return tuple([standing(notice, self.at) for notice in self._documents(Notice)])

    @cached_property
    def holds(self) -> tuple[Hold, ...]:
        """Holds by id, released ones included, then notices that keep data as a hold does."""
        kept = [kept_by(one) for one in self.notices if one.notice.kind != "enforcement"]
        return (*self._documents(Hold), *kept)

    @cached_property
    def notices_by_name(self) -> Mapping[str, Standing]:
        """Where each notice stands, by what stands for it in a cause: `notice:ID`."""
        return {f"notice:{found.notice.document_id}": found for found in self.notices}

    @cached_property
    def requests_by_name(self) -> Mapping[str, Request]:
        """Requests by what stands for them in a cause: `request:ID`."""
        return {f"request:{request.document_id}": request for request in self.requests}

    @cached_property
    def holding(self) -> frozenset[str]:
        """What stands for each active hold, and for each request that keeps as a hold does."""
        active = {str(hold.document_id) for hold in self.holds if hold.state == "active"}
        return frozenset(active | {one.hold_id for one in self.requests if one.keeps})

    @cached_property
    def controls(self) -> tuple[Control, ...]:
        """The latest control of each scope, by scope."""
        return self._documents(Control)

    def _documents(self, kind: type[D]) -> tuple[D, ...]:
        documents = (document for _, document in self._entries.values())
        found = [document for document in documents if isinstance(document, kind)]
        return tuple(sorted(found, key=lambda document: document.document_id))

    def holds_on(self, record: Nameable, judged: Judged) -> tuple[Hold, ...]:
        """Return the active holds on a record, by id.

        Args:
            record: the record.
            judged: its residency. A hold that matches a residency reaches records of unknown
                residency too: what may be meant is not destroyed.
        """
        index = self._holds
        if index.is_empty:
            return ()
        return index.on(record, judged, self.at)

    def holds_naming(self, record_id: RecordId) -> tuple[Hold, ...]:
        """Return the active holds that name a record by its id."""
        return self._holds.named.by_record.get(record_id, ())

    @cached_property
    def requests(self) -> tuple[Request, ...]:
        """Requests by id, those that are refused or withdrawn included."""
        return self._documents(Request)

    def requests_naming(self, record: Nameable) -> tuple[Request, ...]:
        """Return the requests that name a record or one of its people, by id."""
        if not self.requests:
            return ()
        found = {request.document_id: request for request in self._requests.naming(record)}
        return tuple([found[name] for name in sorted(found)]) if found else ()

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

    @cached_property
    def pauses_rules(self) -> bool:
        """Whether the deletions of one rule or another are stopped, and those of others are not."""
        return any(scope.startswith("rule:") for scope in self._pauses)

    def approved(self, cause: Cause) -> int | None:
        """Return the version of the approval given for a cause, or None.

        Versions count up, so that a further approval is told from the one that was used.
        """
        return self._approvals.get(cause)

    def lets_delete(self, model: RecordId) -> bool:
        """Whether a person has looked at a model and approved that it is deleted."""
        return f"{MODEL_SCOPE}{model}" in self._models

    def store(self, name: StoreName) -> StoreSettings:
        """Return what the policies say of a store; of several the most careful holds."""
        return self._stores.get(name, DEFAULT_STORE)

    def lead(self, store: StoreName) -> int:
        """Return how many milliseconds before a limit a store is told to delete."""
        return self.store(store).lead

    def at_most(self, cause: Cause) -> AtMost | None:
        """Return how many deletions a day a rule may cause before it asks; None: any number."""
        return self._most.get(cause)

    @cached_property
    def asks_sources(self) -> bool:
        """Whether some rule, duty or notice looks at where data came from."""
        rules = [rule.match for policy in self.policies for rule in policy.rules]
        told = [one.match for policy in self.policies for one in policy.duties]
        ordered = [found.notice.match for found in self.notices]
        return any(match.sources for match in (*rules, *told, *ordered))

    @cached_property
    def notifier(self) -> StoreName | None:
        """The store that tells recipients of what is erased, as the first policy by id names it."""
        named = [policy.notifier for policy in self.policies if policy.notifier is not None]
        return named[0] if named else None

    @cached_property
    def has_shares(self) -> bool:
        """Whether some rule may delete a share of all records a day."""
        return any(most.share is not None for most in self._most.values())

    def regime(self, cause: Cause) -> str | None:
        """Return whose law a cause follows, as its citation says; None: it does not say."""
        return self._regimes.get(cause)

    @cached_property
    def _regimes(self) -> dict[Cause, str | None]:
        regimes: dict[Cause, str | None] = {}
        for policy in self.policies:
            regimes[policy.cause(DEFAULT_RULE)] = policy.default.citation.jurisdiction
            for rule in policy.rules:
                regimes[policy.cause(rule.rule_id)] = rule.citation.jurisdiction
        for found in self.notices:
            for step in found.steps:
                regimes[found.cause(step)] = found.notice.citation.jurisdiction
        regimes |= {one.cause: one.citation.jurisdiction for one in self.requests}
        return regimes

    @cached_property
    def method(self) -> Method:
        """How residency is judged: by the first policy, by id, that says so."""
        named = [policy.method for policy in self.policies if policy.method is not None]
        return named[0] if named else DEFAULT_METHOD

    @cached_property
    def edition(self) -> str:
        """The policies by id and version, sorted: what it says in a finding that they were."""
        return ", ".join(f"{policy.document_id} {policy.version}" for policy in self.policies)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over kind, id, version, digest and author of every document, in hexadecimal.

        Memberships of territories, which change with time, and how far the life of each notice is,
        are in it too.
        """
        rows: list[tuple[object, ...]] = [(era(self.at),)]
        rows += [
            (one.kind, one.document_id, one.version, one.digest, one.author)
            for one in self.envelopes
        ]
        rows += [(happened_by(found.notice, self.at),) for found in self.notices]
        return hashlib.sha256(msgspec.json.encode(rows)).hexdigest()

    @cached_property
    def _holds(self) -> "HoldIndex":
        return HoldIndex.of([hold for hold in self.holds if hold.state == "active"])

    @cached_property
    def _requests(self) -> Naming[Request]:
        return Naming.of(self.requests)

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
    def _models(self) -> frozenset[str]:
        given = [one.scope for one in self.controls if one.action == "approve"]
        return frozenset(scope for scope in given if scope.startswith(MODEL_SCOPE))

    @cached_property
    def _stores(self) -> dict[StoreName, StoreSettings]:
        return stores_of(self.policies)

    @cached_property
    def _most(self) -> dict[Cause, AtMost]:
        return {
            policy.cause(rule.rule_id): rule.at_most
            for policy in self.policies
            for rule in policy.rules
            if rule.at_most is not None
        }

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, InForce):
            return NotImplemented
        return self.fingerprint == other.fingerprint

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    def __repr__(self) -> str:
        return f"InForce({len(self._entries)} documents, {self.fingerprint[:12]})"
