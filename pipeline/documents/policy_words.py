"""Citations, zones, periods and ways of counting, as policies and notices write them."""

from pipeline.documents.form import CitationShape
from pipeline.documents.policy import Citation, Mode
from pipeline.documents.problems import Notes
from pipeline.documents.reading import Path
from pipeline.documents.words import known_word, residency
from pipeline.errors import InvalidInput
from pipeline.periods import Counting, Period, Reckoning, parse_period
from pipeline.periods.counting import check_fit

_ENDLESS = frozenset(
    "always endless ever forever indefinite indefinitely infinite infinity never none unlimited "
    ".inf inf".split()
)
MODES: tuple[Mode, ...] = ("observe", "enforce")


def read_citation(shape: CitationShape, path: Path, notes: Notes) -> Citation:
    """Read a citation; an address or jurisdiction left out is None."""
    jurisdiction = None
    if shape.jurisdiction:
        place = (*path, "citation", "jurisdiction")
        jurisdiction = residency(shape.jurisdiction, place, notes, unknown=False)
    return Citation(
        law=shape.law,
        article=shape.article,
        url=shape.url or None,
        jurisdiction=jurisdiction,
    )


def read_zone(name: str, path: Path, notes: Notes) -> str:
    """Read the name of a time zone; UTC when there is none of that name, which is noted."""
    return name if notes.attempt(path, lambda text: Reckoning(zone=text), name) else "UTC"


def read_finite(text: str, path: Path, notes: Notes) -> Period | None:
    """Read a period that must end; None when it does not, or cannot be read."""
    if text.lower() in _ENDLESS:
        remedy = "give an ISO 8601 period such as P30D; no longer than necessary (GDPR art 5(1)(e))"
        notes.add(path, what=f"`{path[-1]}` is not finite", remedy=remedy)
        return None
    return notes.attempt(path, parse_period, text)


def read_counting(text: str, limit: Period | None, path: Path, notes: Notes) -> Counting | None:
    """Read how a limit is counted; None when there is no such way. What does not fit is noted."""
    path = (*path, "counting")
    counting = known_word(text, Counting, path, notes)
    if counting is Counting.BUSINESS_DAYS_EXCLUSIVE:
        what = "`counting`: a retention limit is not counted in working days"
        remedy = "leave `counting` out, or give the limit in days"
        notes.add(path, what=what, remedy=remedy)
    elif counting is not None and limit is not None:
        try:
            check_fit(limit, counting)
        except InvalidInput as error:
            remedy = "leave `counting` out, or choose one that fits the units of `limit`"
            notes.add(path, what=f"`counting`: {error}", remedy=remedy)
    return counting
