"""The few words that histories use, with what lies above each; and whose law is whose."""

from collections.abc import Iterable

from pipeline.events import Subject
from pipeline.tags import Judge
from tests.oracle.history import Words

ABOVE = {
    "dpv:DirectMarketing": ("dpv:Marketing",),
    "dpv:Advertising": ("dpv:Marketing",),
    "dpv:InformedConsent": ("dpv:Consent",),
    "dpv:LegitimateInterestOfController": ("dpv:LegitimateInterest",),
    "pd:FacialPrint": ("pd:Biometric",),
    "FR": ("EU",),
    "DE": ("EU",),
    "US-CA": ("US",),
}
"""Every wider word that histories use, by the narrower one; a word without wider ones is absent."""

NO, ELSEWHERE, POSSIBLE, LIKELY, RESIDENT = range(5)
"""How surely a record is meant. ELSEWHERE: residency unknown, and nothing hints here."""

_JUDGE = Judge()


def covers(named: Iterable[str], word: str) -> bool:
    """Tell whether a word or one above it is named."""
    return not {word, *ABOVE.get(word, ())}.isdisjoint(named)


def reach(match: Words, said: Words, subjects: tuple[Subject, ...]) -> int:
    """Tell how surely a record is meant, of which these words and people are known."""
    axes = ("purpose", "category", "lawful_basis", "source")
    for axis in axes:
        named = getattr(match, axis)
        if named and not any(covers(named, word) for word in getattr(said, axis)):
            return NO
    named = match.residency
    where = _JUDGE.judge(subjects).resident
    if not named or ("UNKNOWN" in named and where.unknown):
        return RESIDENT
    found = NO
    if where.unknown:
        hinted = where.groundless or any(covers(named, place) for place in where.candidates)
        found = POSSIBLE if hinted else ELSEWHERE
    for tag in where.tags:
        if covers(named, tag.territory):
            found = max(found, LIKELY if tag.band == "LIKELY" else RESIDENT)
    return found


def same_law(one: str | None, other: str | None) -> bool:
    """Tell whether two citations may be of one jurisdiction; the EU and its members are one."""
    if one is None or other is None:
        return True
    return one == other or (covers(["EU"], one) and covers(["EU"], other))
