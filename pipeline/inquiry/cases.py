"""Findings as cases: raised, raised again, resolved by somebody for a reason, open again.

A resolution travels on the topic of the findings as the finding itself, with who resolved it and
why among its `details`: a reader that knows nothing of resolutions sees a repetition of one id.

A job that starts again raises again what it raised before. So what is counted, and what opens a
case again, is the occasion of a raising (`Finding.occasion`), which then is the same.
"""

from collections.abc import Iterable

import msgspec

from pipeline.documents import check_author
from pipeline.errors import InvalidInput
from pipeline.findings import Finding
from pipeline.instants import Instant, format_instant, parse_instant

RESOLVED_BY = "resolved_by"
REASON = "resolved_because"
RAISED_AT = "resolved_raising_of"
"""The newest raising that whoever resolved it had seen: a later one opens the case again."""
MAX_REASON = 1_000
LEAST_DIGITS = 4
"""A shorter beginning of an id would be a slip."""


class Resolution(msgspec.Struct, frozen=True):
    """Who resolved it, why, and when by the broker's time; of which raising at the latest."""

    author: str
    reason: str
    at: Instant
    raised_at: Instant


class Case(msgspec.Struct, frozen=True):
    """A finding with what became of it.

    Attributes:
        finding: its newest raising.
        first_at, last_at: when it was raised for its first and for its newest occasion.
        times: on how many occasions; a raising that was only repeated counts once.
        resolution: the newest; None: it was never resolved.
        is_open: it was never resolved, or raised on another occasion since.
    """

    finding: Finding
    first_at: Instant
    last_at: Instant
    times: int
    resolution: Resolution | None
    is_open: bool


def is_resolution(item: Finding) -> bool:
    """Whether a message on the topic of the findings resolves one, and raises none."""
    return RESOLVED_BY in item.details


def cases(items: Iterable[Finding]) -> tuple[Case, ...]:
    """Return the cases, oldest first.

    Args:
        items: raisings and resolutions in the order of their topic.
    """
    raisings: dict[str, dict[str, Finding]] = {}
    resolved: dict[str, Resolution] = {}
    for item in items:
        if is_resolution(item):
            resolved[item.finding_id] = resolution_of(item)
            # What it resolves may be past the topic's retention.
            raisings.setdefault(item.finding_id, {})
        else:
            occasions = raisings.setdefault(item.finding_id, {})
            known = occasions.get(item.occasion)
            if known is None or item.at < known.at:
                occasions[item.occasion] = item
    found = [_case(raised, resolved.get(name)) for name, raised in raisings.items() if raised]
    return tuple(sorted(found, key=lambda case: (case.first_at, case.finding.finding_id)))


def _case(raised: dict[str, Finding], resolution: Resolution | None) -> Case:
    newest = max(raised.values(), key=lambda item: item.at)
    return Case(
        finding=newest,
        first_at=min(item.at for item in raised.values()),
        last_at=newest.at,
        times=len(raised),
        resolution=resolution,
        is_open=resolution is None or newest.at > resolution.raised_at,
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
    if not 0 < len(reason.strip()) <= MAX_REASON or not reason.isprintable():
        raise InvalidInput(f"the reason must be 1 to {MAX_REASON} printable characters, one line")
    details = {RESOLVED_BY: author, REASON: reason, RAISED_AT: format_instant(case.last_at)}
    return msgspec.structs.replace(case.finding, at=at, details=case.finding.details | details)


def chosen(found: Iterable[Case], beginning: str) -> Case:
    """Return the case whose id begins so.

    Raises:
        InvalidInput: none does, or several, or the beginning is too short.
    """
    if len(beginning) < LEAST_DIGITS:
        raise InvalidInput(
            f"give {LEAST_DIGITS} digits or more of the finding's id, not `{beginning}`"
        )
    fitting = [case for case in found if case.finding.finding_id.startswith(beginning)]
    if not fitting:
        raise InvalidInput(
            f"no finding's id begins with `{beginning[:40]}`; see: retention findings list --all"
        )
    if len(fitting) > 1:
        raise InvalidInput(
            f"{len(fitting)} findings' ids begin with `{beginning}`; give more of it"
        )
    return fitting[0]


def resolution_of(item: Finding) -> Resolution:
    """Return what a message says that resolves a finding."""
    try:
        seen = parse_instant(item.details[RAISED_AT])
    except (KeyError, InvalidInput):
        seen = item.at  # written by another tool: what was raised up to then
    return Resolution(item.details[RESOLVED_BY], item.details.get(REASON, ""), item.at, seen)
