"""What a request that names a record, or a person it is about, means of it."""

from typing import Literal, NamedTuple

from pipeline.documents.holding import Nameable
from pipeline.documents.match import Judged, Reach
from pipeline.documents.requests import Refusal, Request
from pipeline.instants import Instant
from pipeline.vocabulary import LAWFUL_BASIS_TAXONOMY, PURPOSE_TAXONOMY

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
        why: what it lacks where it is not about this record; empty: it is.
    """

    orders: Literal["delete", "restrict", ""]
    refusal: Refusal | None = None
    why: str = ""


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
    if not _has_ground(request, record):
        return Asked("", why="lawful_basis")
    for one in request.refusals:
        # What may be meant is refused: what is destroyed cannot be brought back.
        matches = one.match is not None and one.match.reach(record, judged, at) > Reach.NO
        if one.is_whole or record.record_id in one.records or matches:
            return Asked("", refusal=one)
    return Asked(request.orders)


def _has_ground(request: Request, record: Nameable) -> bool:
    """Whether the right that a request rests on reaches data that is held like this.

    Data without a lawful basis is reached by every right.
    """
    bases = record.lawful_bases
    if request.kind == "consent_withdrawal":
        # GDPR art 17(1)(b): consent under art 6 or art 9, and no other ground of that article.
        special = [base for base in bases if base.startswith(_ARTICLE_9)]
        usual = [base for base in bases if base not in special]
        return not bases or any(found and _all_consent(found) for found in (usual, special))
    if request.kind == "objection":
        # Art 21(1) with 17(1)(c): no other ground is left; art 21(2): marketing, whatever it is.
        marketing = [PURPOSE_TAXONOMY.covers(_MARKETING, word) for word in record.purposes]
        return (bool(marketing) and all(marketing)) or all(map(_objectionable, bases))
    return True


def _all_consent(bases: list[str]) -> bool:
    return all(LAWFUL_BASIS_TAXONOMY.covers(_CONSENT, base) for base in bases)


def _objectionable(base: str) -> bool:
    return any(LAWFUL_BASIS_TAXONOMY.covers(wide, base) for wide in _OBJECTIONABLE)
