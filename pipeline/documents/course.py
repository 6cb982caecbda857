"""What has happened to a notice, folded: the states of its life, and what leads to which.

- PRELIMINARY: a notice of intent; orders nothing.
- ISSUED: served, urgent, and 24 hours have not passed (DPA 2018 s.150(8)).
- APPEAL_WINDOW: served; nothing need be done before the time to appeal has ended (s.150(6)).
- IN_FORCE: must be obeyed.
- SUSPENDED: an appeal that suspends is pending (s.150(7)), or it is stayed or remitted.
- QUASHED: set aside; a higher tribunal may remit it.
- SUBSTITUTED: another notice has taken its place (s.163(3)).
- CANCELLED, WITHDRAWN: ended by its authority (s.153), or by whoever keeps the document.
- COMPLIED: the authority is satisfied; what it forbids stays forbidden, what it asked for need not
  be kept any more.
"""

from collections.abc import Iterator
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

from pipeline.documents.values import HappenedTo, Notice
from pipeline.instants import Instant


class NoticeState(StrEnum):
    """Where a notice stands."""

    PRELIMINARY = "PRELIMINARY"
    ISSUED = "ISSUED"
    APPEAL_WINDOW = "APPEAL_WINDOW"
    IN_FORCE = "IN_FORCE"
    SUSPENDED = "SUSPENDED"
    QUASHED = "QUASHED"
    SUBSTITUTED = "SUBSTITUTED"
    CANCELLED = "CANCELLED"
    WITHDRAWN = "WITHDRAWN"
    COMPLIED = "COMPLIED"


ORDERING = frozenset(
    {NoticeState.ISSUED, NoticeState.APPEAL_WINDOW, NoticeState.IN_FORCE, NoticeState.COMPLIED}
)
"""States in which orders stand, each from its own time on."""
_STAYABLE = ORDERING | {NoticeState.SUSPENDED}
_ENDED = frozenset({NoticeState.SUBSTITUTED, NoticeState.CANCELLED, NoticeState.WITHDRAWN})


class Course(NamedTuple):
    """What counts of a notice's life so far.

    Attributes:
        state: but for ISSUED and APPEAL_WINDOW, which time turns into IN_FORCE by itself.
        complied: whether the authority is satisfied.
        restarted: when a decision began its times anew; None: none did.
        interrupted: when it was last suspended; None: it is not, or had let everything go before.
        before: as it was until then.
    """

    state: NoticeState
    urgent: bool
    appealed: bool = False
    remitted: bool = False
    stayed: bool = False
    complied: bool = False
    restarted: Instant | None = None
    interrupted: Instant | None = None
    before: "Course | None" = None


def _may_comply(found: Course, notice: Notice) -> bool:
    # What a notice asks for may be answered while it is appealed; what it orders has no force then.
    states = ORDERING if notice.kind == "enforcement" else _STAYABLE
    return found.state in states and not found.complied


def begun(notice: Notice) -> Course:
    """Return the course of a notice to which nothing has happened yet."""
    return Course(NoticeState(notice.state.upper()), urgent=notice.urgent)


@lru_cache(maxsize=4_096)
def course(notice: Notice, count: int) -> Course:
    """Return the course of a notice after so many of the entries of its life."""
    found = begun(notice)
    for one in notice.life[:count]:
        found = _next(found, one, notice)
    return found


def suspends(notice: Notice, found: Course) -> bool:
    """Whether an appeal suspends the notice, and its time to appeal is waited for."""
    return notice.appeal is not None and notice.appeal.suspends and not found.urgent


def impossible(notice: Notice) -> Iterator[tuple[int, str]]:
    """Yield what cannot have happened: the number of the entry, and why."""
    found = begun(notice)
    if found.state is NoticeState.WITHDRAWN:  # it happened before it was withdrawn
        found = found._replace(state=NoticeState.IN_FORCE)
    for number, one in enumerate(notice.life):
        why = _why_not(found, one, notice)
        if why:
            yield number, why
        found = _next(found, one, notice)


def _next(found: Course, one: HappenedTo, notice: Notice) -> Course:
    if found.state in _ENDED:
        return found
    if one.what in _HALTING:
        return _halted(found, found._replace(**_HALTING[one.what]), one, notice)
    if one.what in _RESUMING:
        return _resumed(found._replace(**_RESUMING[one.what]), one, notice)
    if one.what == "quashed":
        return Course(NoticeState.QUASHED, found.urgent, restarted=found.restarted)
    if one.what == "remitted":
        return found._replace(state=NoticeState.SUSPENDED, appealed=True, remitted=True)
    complied = found.complied or one.what == "complied"
    return found._replace(state=NoticeState(one.what.upper()), complied=complied)


_HALTING: dict[str, dict[str, Any]] = {
    "appealed": {"appealed": True},
    "stayed": {"stayed": True},
    "urgency_lifted": {"urgent": False},
}
_RESUMING: dict[str, dict[str, Any]] = {
    "dismissed": {"appealed": False, "remitted": False},
    "appeal_withdrawn": {"appealed": False, "remitted": False},
    "stay_ended": {"stayed": False},
}
"""What may suspend a notice, and what may let it go on, by what they change."""


def _halts(found: Course, notice: Notice) -> bool:
    return found.stayed or found.remitted or (found.appealed and suspends(notice, found))


def _halted(before: Course, found: Course, one: HappenedTo, notice: Notice) -> Course:
    """Suspend what is in force, where something suspends it."""
    if found.state not in ORDERING or not _halts(found, notice):
        return found
    return found._replace(
        state=NoticeState.SUSPENDED, interrupted=one.at, before=before._replace(before=None)
    )


def _resumed(found: Course, one: HappenedTo, notice: Notice) -> Course:
    """Let what was suspended go on, unless something else suspends it too."""
    if found.state is not NoticeState.SUSPENDED or _halts(found, notice):
        return found
    state = NoticeState.COMPLIED if found.complied else NoticeState.IN_FORCE
    return found._replace(state=state, restarted=one.at, interrupted=None, before=None)


def _why_not(found: Course, one: HappenedTo, notice: Notice) -> str:
    if notice.served is not None and one.at < notice.served:
        return "it happened before the notice was served"
    if found.state in _ENDED:
        return f"the notice had ended: it was {found.state.lower()}"
    if found.state is NoticeState.PRELIMINARY:
        return "a preliminary notice has no life yet; serve it first (`state: in_force`)"
    needed = {
        "dismissed": (found.appealed, "no appeal was pending"),
        "appeal_withdrawn": (found.appealed, "no appeal was pending"),
        "appealed": (not found.appealed, "an appeal was pending already"),
        "remitted": (found.state is NoticeState.QUASHED, "it had not been quashed"),
        "stayed": (not found.stayed and found.state in _STAYABLE, "nothing was left to stay"),
        "stay_ended": (found.stayed, "it was not stayed"),
        "complied": (_may_comply(found, notice), "nothing had to be complied with then"),
        "quashed": (found.state is not NoticeState.QUASHED, "it had been quashed already"),
        "urgency_lifted": (found.urgent, "it was not urgent"),
    }
    possible, why = needed.get(one.what, (True, ""))
    return "" if possible else why
