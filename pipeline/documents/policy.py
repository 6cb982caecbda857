"""A policy: what the controller promises to delete, and when, as the rules read it.

Its YAML form is in `shape`; the other documents are in `values`.
"""

from collections.abc import Mapping
from typing import Literal

import msgspec

from pipeline.documents.match import Match
from pipeline.identifiers import Cause, DocumentId, StoreName
from pipeline.instants import DAY, Instant
from pipeline.periods import Period, Reckoning
from pipeline.vocabulary import Anchor
from pipeline.vocabulary.signals import Method

DEFAULT_RULE = "default"
"""Stands for a policy's default limit where a rule id is asked for; no rule may take it."""
DEFAULT_LEAD = DAY
"""How long before a limit a store is told to delete, unless the policy says otherwise (ms)."""

DEFAULT_ANSWER_WITHIN = DAY
"""How long a store has to answer before it is told again, unless the policy says otherwise (ms)."""

Mode = Literal["observe", "enforce"]
Bound = Literal["maximum", "minimum"]


class Citation(msgspec.Struct, frozen=True):
    """Where a duty is written, e.g. `UK GDPR`, `5(1)(e)`, address of the text or None.

    `jurisdiction`: whose law it is (ISO 3166 code, `EU` or `EEA`); None: not said.
    """

    law: str
    article: str
    url: str | None = None
    jurisdiction: str | None = None

    @property
    def text(self) -> str:
        """Law and article for people: `UK GDPR art 5(1)(e)`, but `DPA 2018 s.149` as it is."""
        art = "art " if self.article[:1].isdigit() else ""
        return f"{self.law} {art}{self.article}"


class AtMost(msgspec.Struct, frozen=True):
    """The most a rule may delete in a store on one day (UTC) before it stops and asks.

    Either `count` records, or `share` of all the records that the pipeline knows, per mille.
    """

    count: int | None = None
    share: int | None = None

    def of(self, held: int) -> int:
        """Return the number that it allows when so many records are held.

        A share above nothing allows one at least.
        """
        if self.count is not None:
            return self.count
        return max(1, held * self.share // 1_000) if self.share else 0


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One retention limit for the records that match: `limit` after `clock`.

    Attributes:
        clock: the happening that starts the period.
        reckoning: how the period is counted; never rolled (GDPR art 5(1)(e)).
        bound: `maximum`: deleted at the latest then; `minimum`: not deleted before.
        mode: `observe` only reports what it would delete; a minimum always counts.
        at_most: None: no limit.
        pack: from which pack it comes; empty: it is the policy's own.
    """

    rule_id: str
    match: Match
    clock: Anchor
    limit: Period
    reckoning: Reckoning
    citation: Citation
    mode: Mode
    action: Literal["delete"] = "delete"
    bound: Bound = "maximum"
    at_most: AtMost | None = None
    pack: str = ""


Requirement = Literal["informed", "purpose", "declared_purpose", "lawful_basis"]


class Duty(msgspec.Struct, frozen=True, kw_only=True):
    """What must be so of records that match, some time after collection.

    Attributes:
        requires: `informed`: people were told that their data is held (GDPR art 13, 14);
            `purpose`: it is held for one, `declared_purpose`: for none but those that are declared
            (art 5(1)(b)); `lawful_basis`: by right (art 6(1)).
        purposes: those that are declared.
        within: after collection; the first disclosure to a recipient ends the time in which people
            must be told, too (art 14(3)).
        reckoning: how it is counted; never rolled.
        mode: `observe` only reports what is not so in time; `enforce` also restricts the data until
            it is.
    """

    rule_id: str
    match: Match
    within: Period
    reckoning: Reckoning
    citation: Citation
    mode: Mode
    requires: Requirement = "informed"
    purposes: tuple[str, ...] = ()


class PackUsed(msgspec.Struct, frozen=True):
    """A pack that a policy includes.

    Attributes:
        name: with its version, e.g. `us-il-bipa/1`.
        title: what it is of.
        replaced: ids of its rules that rules of the policy's own take the place of.
    """

    name: str
    title: str
    replaced: tuple[str, ...] = ()


class DefaultLimit(msgspec.Struct, frozen=True, kw_only=True):
    """The limit, counted from collection, of every record that no rule covers."""

    limit: Period
    reckoning: Reckoning
    citation: Citation


class StoreSettings(msgspec.Struct, frozen=True):
    """What a policy says of one store.

    Attributes:
        lead: milliseconds between command and limit.
        answer_within: milliseconds after which an unanswered command is sent again, same id.
        per_minute: the most deletions the store takes a minute; None: any number.
    """

    lead: int = DEFAULT_LEAD
    answer_within: int = DEFAULT_ANSWER_WITHIN
    per_minute: int | None = None


TOMBSTONES = Period(years=6)
"""How long a deletion is remembered unless a policy says so: until claims about it are barred.

Limitation Act 1980 s.5, of contract, and s.2, of tort: six years.
"""


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """What the controller promises to delete, and when. Rule ids are unique within it.

    Attributes:
        zone: whose days count.
        effective_from: the version counts from then on; None: from its publication.
        method: how residency is judged; None: the default method.
        packs: what it includes; their rules are among `rules`, after its own.
        duties: what must be so of its records beside their limits.
        tombstones: how long it is remembered that data was deleted, and why.
        notifier: the store that tells recipients of what is erased; None: none is named.
    """

    document_id: DocumentId
    version: int
    zone: str
    default: DefaultLimit
    rules: tuple[Rule, ...] = ()
    stores: Mapping[StoreName, StoreSettings] = {}
    effective_from: Instant | None = None
    method: Method | None = None
    packs: tuple[PackUsed, ...] = ()
    duties: tuple[Duty, ...] = ()
    tombstones: Period = TOMBSTONES
    notifier: StoreName | None = None

    def cause(self, rule_id: str) -> Cause:
        """Name a rule, or `DEFAULT_RULE`, as the cause of a command."""
        return Cause(f"policy:{self.document_id}/{rule_id}")
