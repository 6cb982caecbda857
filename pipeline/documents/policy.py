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

DEFAULT_RULE = "default"
"""Stands for a policy's default limit where a rule id is asked for; no rule may take it."""
DEFAULT_LEAD = DAY
"""How long before a limit a store is told to delete, unless the policy says otherwise (ms)."""

Mode = Literal["observe", "enforce"]


class Citation(msgspec.Struct, frozen=True):
    """Where a duty is written, e.g. `UK GDPR`, `5(1)(e)`, address of the text or None."""

    law: str
    article: str
    url: str | None = None

    @property
    def text(self) -> str:
        """Law and article for people: `UK GDPR art 5(1)(e)`, but `DPA 2018 s.149` as it is."""
        art = "art " if self.article[:1].isdigit() else ""
        return f"{self.law} {art}{self.article}"


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One retention limit: `limit` after `clock` at most, for the records that match.

    Attributes:
        clock: the happening that starts the period.
        reckoning: how the period is counted; never rolled (GDPR art 5(1)(e)).
        bound: `maximum`; minima are not supported yet.
        mode: `observe` only reports what it would delete.
        at_most: deletions a day (UTC) before the rule stops and asks for approval; None: no limit.
    """

    rule_id: str
    match: Match
    clock: Anchor
    limit: Period
    reckoning: Reckoning
    citation: Citation
    mode: Mode
    action: Literal["delete"] = "delete"
    bound: Literal["maximum"] = "maximum"
    at_most: int | None = None


class DefaultLimit(msgspec.Struct, frozen=True, kw_only=True):
    """The limit, counted from collection, of every record that no rule covers."""

    limit: Period
    reckoning: Reckoning
    citation: Citation


class StoreSettings(msgspec.Struct, frozen=True):
    """What a policy says of one store. `lead`: milliseconds between command and limit."""

    lead: int = DEFAULT_LEAD


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """What the controller promises to delete, and when. Rule ids are unique within it."""

    document_id: DocumentId
    version: int
    zone: str
    default: DefaultLimit
    rules: tuple[Rule, ...] = ()
    stores: Mapping[StoreName, StoreSettings] = {}
    effective_from: Instant | None = None

    def cause(self, rule_id: str) -> Cause:
        """Name a rule, or `DEFAULT_RULE`, as the cause of a command."""
        return Cause(f"policy:{self.document_id}/{rule_id}")
