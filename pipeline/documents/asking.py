"""What a request that names a record, or a person it is about, means of it."""

from collections.abc import Iterable
from enum import Enum
from typing import Literal, NamedTuple

from pipeline.documents.holding import Nameable
from pipeline.documents.match import Judged, Match, Reach
from pipeline.documents.requests import Refusal, Request
from pipeline.instants import Instant
from pipeline.vocabulary import CATEGORY_TAXONOMY, LAWFUL_BASIS_TAXONOMY, PURPOSE_TAXONOMY

_CONSENT = "dpv:Consent"
_OBJECTIONABLE = (
    "dpv:LegitimateInterest",
    "dpv:PublicInterest",
    "dpv:OfficialAuthorityOfController",
)
_MARKETING = "dpv:DirectMarketing"
_ARTICLE_9 = "eu-gdpr:A9-"


class Asked(NamedTuple):
    """What a request comes to for one record.

    Attributes:
        orders: what it calls for; empty: nothing.
        refusal: why it is refused for this record; None: it is not.
        why: the axis by which it is not about this record; empty: it is.
        in_part: it is, but the record is held for something else too: what must stop and what may
            go on, a person must tell apart.
        keeps: whether nobody may erase the record because of it.
    """

    orders: Literal["delete", "restrict", ""]
    refusal: Refusal | None = None
    why: str = ""
    in_part: bool = False
    keeps: bool = False


def asked_of(request: Request, record: Nameable, judged: Judged, at: Instant) -> Asked:
    """Return what a request that names a record comes to.

    Args:
        request: which.
        record: its facts.
        judged: its residency.
        at: when membership of territories in groups is asked.
    """
    if request.match is not None and request.match.reach(record, judged, at) == Reach.NO:
        return Asked("", why="match")
    ground = _ground(request, record)
    if ground is _Ground.NONE:
        return Asked("", why="lawful_basis")
    for one in request.refusals:
        if _refuses(one, request, record, judged, at):
            orders = request.while_refused if request.orders else ""
            return Asked(orders, refusal=one, keeps=request.keeps and bool(orders))
    # What is destroyed cannot be brought back: only what is meant as a whole.
    if ground is _Ground.IN_PART or not _covers(request.match, record):
        # What is asked for in part must be there for the answer.
        keeps = request.keeps and request.kind == "access"
        return Asked("", in_part=bool(request.orders), keeps=keeps)
    return Asked(request.orders, keeps=request.keeps)


def kept_by(
    requests: Iterable[Request],
    record: Nameable,
    collected: Instant | None,
    judged: Judged,
    at: Instant,
) -> tuple[str, ...]:
    """Return what stands for the requests that keep a record, as the ids of holds do.

    Args:
        requests: those that name it.
        record: its facts.
        collected: when its data was collected first; None: it never was.
        judged: its residency.
        at: when membership of territories in groups is asked.
    """
    return tuple(
        [
            request.hold_id
            for request in requests
            if request.keeps
            and collected is not None
            and (request.collected_before is None or collected < request.collected_before)
            and asked_of(request, record, judged, at).keeps
        ]
    )


def _refuses(one: Refusal, request: Request, record: Nameable, judged: Judged, at: Instant) -> bool:
    """Whether a refusal means a record. Where it is not sure, the data must not be destroyed."""
    if one.is_whole or record.record_id in one.records:
        return True
    if one.match is None:
        return False
    reach = one.match.reach(record, judged, at)
    if request.kind == "access":
        return reach == Reach.CERTAIN and _covers(one.match, record)
    return reach > Reach.NO


def _covers(match: Match | None, record: Nameable) -> bool:
    """Whether all that a record is and is held for lies below what is named."""
    if match is None:
        return True
    axes = (
        (match.purposes, record.purposes, PURPOSE_TAXONOMY),
        (match.categories, record.categories, CATEGORY_TAXONOMY),
        (match.lawful_bases, record.lawful_bases, LAWFUL_BASIS_TAXONOMY),
    )
    return set(record.sources) <= set(match.sources or record.sources) and all(
        any(taxonomy.covers(wide, word) for wide in named)
        for named, words, taxonomy in axes
        if named
        for word in words
    )


class _Ground(Enum):
    """How far the right that a request rests on reaches data that is held like this."""

    WHOLE = "whole"
    IN_PART = "in part"
    NONE = "none"

    @classmethod
    def of(cls, reached: list[bool]) -> "_Ground":
        if all(reached):
            return cls.WHOLE
        return cls.IN_PART if any(reached) else cls.NONE


def _ground(request: Request, record: Nameable) -> _Ground:
    """Return how far a request reaches a record; one without a lawful basis wholly."""
    bases = record.lawful_bases
    if request.kind == "consent_withdrawal":
        # GDPR art 17(1)(b): consent under art 6 or art 9, and no other ground of that article.
        special = [base for base in bases if base.startswith(_ARTICLE_9)]
        usual = [base for base in bases if base not in special]
        if any(found and _all_consent(found) for found in (usual, special)):
            return _Ground.WHOLE
        return _Ground.of([_all_consent([base]) for base in bases])
    if request.kind == "objection":
        # Art 21(1) with 17(1)(c): no other ground is left; art 21(2): marketing, whatever it is.
        marketing = [PURPOSE_TAXONOMY.covers(_MARKETING, word) for word in record.purposes]
        if marketing and all(marketing):
            return _Ground.WHOLE
        found = _Ground.of([_objectionable(base) for base in bases])
        return _Ground.IN_PART if found is _Ground.NONE and any(marketing) else found
    return _Ground.WHOLE


def _all_consent(bases: list[str]) -> bool:
    return all(LAWFUL_BASIS_TAXONOMY.covers(_CONSENT, base) for base in bases)


def _objectionable(base: str) -> bool:
    return any(LAWFUL_BASIS_TAXONOMY.covers(wide, base) for wide in _OBJECTIONABLE)
