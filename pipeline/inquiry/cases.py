"""Findings as cases: raised, raised again, resolved by somebody for a reason, open again.

A resolution travels on the topic of the findings as the finding itself, with who resolved it and
why among its `details`: a reader that knows nothing of resolutions sees a repetition of one id.

A job that starts again raises again what it raised before, and shards raise the same finding at
different times. So what is counted, resolved and opened again is the occasion of a raising
(`Finding.occasion`), whenever and however often it was raised.
"""

import bisect
import itertools
from collections.abc import Iterable

import msgspec

from pipeline.documents import check_author, check_reason
from pipeline.errors import InvalidInput
from pipeline.findings import OCCASIONS, REASON, RESOLVED_BY, Finding
from pipeline.instants import Instant

LEAST_DIGITS = 4
"""A shorter beginning of an id would be a slip."""


class Resolution(msgspec.Struct, frozen=True):
    """Who resolved it, why, and when by the broker's time.

    `occasions`: those that were seen; None: all that were raised before it on its topic.
    """

    author: str
    reason: str
    at: Instant
    occasions: tuple[str, ...] | None = None


class Case(msgspec.Struct, frozen=True):
    """A finding with what became of it.

    Attributes:
        finding: its newest raising.
        first_at, last_at: when it was raised for its first and for its newest occasion.
        times: on how many occasions; a raising that was only repeated counts once.
        resolution: the newest; None: it was never resolved.
        open_occasions: those that no resolution has seen.
    """

    finding: Finding
    first_at: Instant
    last_at: Instant
    times: int
    resolution: Resolution | None
    open_occasions: tuple[str, ...]
    is_open: bool


def is_resolution(item: Finding) -> bool:
    """Whether a message on the topic of the findings resolves one, and raises none."""
    return RESOLVED_BY in item.details


class _Kept:
    """What is kept of one finding: the first raising of each occasion, and what was resolved."""

    def __init__(self) -> None:
        self.raised: dict[str, Finding] = {}
        self.resolved: set[str] = set()
        self.resolution: Resolution | None = None

    def take(self, item: Finding) -> None:
        if not is_resolution(item):
            self.raised.setdefault(item.occasion, item)
            return
        self.resolution = found = resolution_of(item)
        self.resolved |= set(self.raised if found.occasions is None else found.occasions)


def cases(items: Iterable[Finding]) -> tuple[Case, ...]:
    """Return the cases, oldest first.

    Args:
        items: raisings and resolutions in the order of their topic.
    """
    kept: dict[str, _Kept] = {}
    for item in items:
        kept.setdefault(item.finding_id, _Kept()).take(item)
    # What a resolution resolves may be past the topic's retention.
    found = [_case(one) for one in kept.values() if one.raised]
    return tuple(sorted(found, key=lambda case: (case.first_at, case.finding.finding_id)))


def _case(kept: _Kept) -> Case:
    raised = kept.raised.values()
    newest = max(raised, key=lambda item: item.at)
    left = tuple(sorted(kept.raised.keys() - kept.resolved))
    return Case(
        finding=newest,
        first_at=min(item.at for item in raised),
        last_at=newest.at,
        times=len(kept.raised),
        resolution=kept.resolution,
        open_occasions=left,
        is_open=bool(left),
    )


def resolving(case: Case, author: str, reason: str, at: Instant) -> Finding:
    """Return the message that resolves a case.

    Args:
        case: which.
        author: who resolves it.
        reason: why it needs nothing more; no personal data.
        at: the broker's time.

    Raises:
        InvalidInput: the author or the reason is empty, too long or holds invisible characters.
    """
    check_author(author)
    check_reason(reason)
    details = {RESOLVED_BY: author, REASON: reason, OCCASIONS: "\n".join(case.open_occasions)}
    return msgspec.structs.replace(case.finding, at=at, details=case.finding.details | details)


def chosen(found: Iterable[Case], beginnings: Iterable[str]) -> tuple[Case, ...]:
    """Return the cases whose ids begin so, each once.

    Raises:
        InvalidInput: of one beginning there is none, or several, or it is too short.
    """
    by_id = {case.finding.finding_id: case for case in found}
    ids = sorted(by_id)
    taken: dict[str, Case] = {}
    for beginning in beginnings:
        if len(beginning) < LEAST_DIGITS:
            raise InvalidInput(
                f"give {LEAST_DIGITS} digits or more of the finding's id, not `{beginning}`"
            )
        first = bisect.bisect_left(ids, beginning)
        last = bisect.bisect_left(ids, beginning + "\x7f")
        if last == first:
            raise InvalidInput(
                f"no finding's id begins with `{beginning[:40]}`; see: "
                "retention findings list --all"
            )
        if last - first > 1:
            raise InvalidInput(
                f"{last - first} findings' ids begin with `{beginning}`; give more of it"
            )
        taken[ids[first]] = by_id[ids[first]]
    return tuple(taken.values())


def digits_to_show(found: Iterable[Case], least: int) -> int:
    """Return how many digits of their ids tell cases apart; at least so many."""
    ids = sorted({case.finding.finding_id for case in found})
    digits = least
    for one, other in itertools.pairwise(ids):
        while one[:digits] == other[:digits]:
            digits += 1
    return digits


def resolution_of(item: Finding) -> Resolution:
    """Return what a message says that resolves a finding."""
    text = item.details.get(OCCASIONS)
    seen = None if text is None else tuple(text.split("\n"))
    return Resolution(item.details[RESOLVED_BY], item.details.get(REASON, ""), item.at, seen)
