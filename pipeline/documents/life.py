"""The life of a notice: what it orders at an instant, after all that has happened to it by then.

    PRELIMINARY    a notice of intent: orders nothing
    ISSUED         served, urgent, and 24 hours have not passed (DPA 2018 s.150(8))
    APPEAL_WINDOW  served; nothing need be done before the time to appeal has ended (s.150(6))
    IN_FORCE       must be obeyed
    SUSPENDED      an appeal that suspends is pending (s.150(7)), or it is stayed
    QUASHED        set aside; a higher tribunal may remit it
    SUBSTITUTED    another notice has taken its place (s.163(3))
    CANCELLED, WITHDRAWN  ended by its authority (s.153), or by whoever keeps the document
    COMPLIED       the authority is satisfied; what it forbids stays forbidden, what it asked for
                   need not be kept any more

Suspension takes back what is pending and never brings back what was deleted. After a decision time
begins anew: deadlines count from the decision, not from the original date.
"""

from collections.abc import Iterator
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from pipeline.documents.values import Given, HappenedTo, Hold, Notice, Order, StepAction
from pipeline.identifiers import Cause, DocumentId
from pipeline.instants import MIN_INSTANT, Instant
from pipeline.periods import Counting, Period, Reckoning, reckon

URGENT = Period(hours=24)
"""What even an urgent notice leaves (DPA 2018 s.150(8)(b))."""


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


_ORDERING = frozenset(
    {NoticeState.ISSUED, NoticeState.APPEAL_WINDOW, NoticeState.IN_FORCE, NoticeState.COMPLIED}
)
"""States in which orders stand, each from its own time on."""
_STAYABLE = _ORDERING | {NoticeState.SUSPENDED}
_KEEPING = _STAYABLE - {NoticeState.COMPLIED}
_ENDED = frozenset({NoticeState.SUBSTITUTED, NoticeState.CANCELLED, NoticeState.WITHDRAWN})


class NoticeStep(NamedTuple):
    """An order with the instants that follow from the notice's life.

    Attributes:
        stands: whether it orders anything now, or will by itself.
    """

    step_id: str
    action: StepAction
    not_before: Instant
    complete_by: Instant
    stands: bool


class Standing(NamedTuple):
    """A notice at an instant.

    Attributes:
        state: where it stands.
        steps: every order, with its instants, whether or not it stands.
    """

    notice: Notice
    state: NoticeState
    steps: tuple[NoticeStep, ...]

    @property
    def ordered(self) -> tuple[NoticeStep, ...]:
        """What it orders."""
        return tuple([step for step in self.steps if step.stands])

    @property
    def holds(self) -> bool:
        """Whether it keeps what it means from being destroyed; while it is appealed too."""
        return self.notice.kind != "enforcement" and self.state in _KEEPING

    def cause(self, step: NoticeStep) -> Cause:
        """Name a step as the cause of a command."""
        return self.notice.cause(step.step_id)


class _Life(NamedTuple):
    """What counts of a notice's life so far.

    Attributes:
        restarted: when a decision began its times anew; None: none did.
        interrupted: when what it had restricted was last left in suspense; None: nothing is.
            What is quashed lets all of it go.
    """

    state: NoticeState
    urgent: bool
    appealed: bool = False
    remitted: bool = False
    stayed: bool = False
    restarted: Instant | None = None
    interrupted: Instant | None = None


def window_end(notice: Notice) -> Instant | None:
    """Return the exclusive end of the time to appeal; None: it is not known."""
    if notice.served is None or notice.appeal is None:
        return None
    return reckon(notice.served, notice.appeal.window, notice.appeal.reckoning)


def urgent_from(notice: Notice) -> Instant | None:
    """Return before when even an urgent notice requires nothing; None: not known when served."""
    if notice.served is None:
        return None
    zone = "UTC" if notice.appeal is None else notice.appeal.reckoning.zone
    return reckon(notice.served, URGENT, Reckoning(zone, Counting.EVENT_HOUR_EXCLUDED))


def changes(notice: Notice) -> tuple[Instant, ...]:
    """Return the instants at which something else begins to be ordered by itself."""
    served = () if notice.served is None else (notice.served,)
    return (*served, *(one.at for one in notice.life))


def happened_by(notice: Notice, at: Instant) -> int:
    """Return how many things had happened to a notice by then; with it all that `standing` says.

    But for the name of the state: an APPEAL_WINDOW becomes IN_FORCE by itself.
    """
    return sum(begins <= at for begins in changes(notice))


def standing(notice: Notice, at: Instant) -> Standing:
    """Return where a notice stands at an instant, and the instants of its orders."""
    count = sum(one.at <= at for one in notice.life)
    life, steps = _after(notice, count)
    state = life.state
    if notice.served is not None and at < notice.served:
        state = NoticeState.PRELIMINARY
        steps = tuple([step._replace(stands=False) for step in steps])
    elif state is NoticeState.IN_FORCE and not life.restarted:
        state = _before_force(notice, life, at)
    return Standing(notice, state, steps)


def kept_by(found: Standing) -> Hold:
    """Return the hold that an information or assessment notice amounts to."""
    notice = found.notice
    return Hold(
        document_id=DocumentId(f"notice:{notice.document_id}"),
        version=notice.version,
        state="active" if found.holds else "released",
        reason=f"{notice.kind} notice of {notice.authority} ({notice.citation.text})",
        match=notice.match,
    )


def impossible(notice: Notice) -> Iterator[tuple[int, str]]:
    """Yield what cannot have happened: the number of the entry, and why."""
    life = _begun(notice)
    for number, one in enumerate(notice.life):
        why = _why_not(life, one, notice)
        if why:
            yield number, why
        life = _next(life, one, notice)


def restarts(notice: Notice) -> Instant | None:
    """Return when a decision last began the notice's times anew; None: none did."""
    return _after(notice, len(notice.life))[0].restarted


def _begun(notice: Notice) -> _Life:
    return _Life(NoticeState(notice.state.upper()), urgent=notice.urgent)


def _suspends(notice: Notice, life: _Life) -> bool:
    return notice.appeal is not None and notice.appeal.suspends and not life.urgent


def _next(life: _Life, one: HappenedTo, notice: Notice) -> _Life:
    if life.state in _ENDED:
        return life
    match one.what:
        case "appealed":
            return _halted(life._replace(appealed=True), one, notice)
        case "stayed":
            return _halted(life._replace(stayed=True), one, notice)
        case "urgency_lifted":
            return _halted(life._replace(urgent=False), one, notice)
        case "dismissed" | "appeal_withdrawn":
            return _resumed(life._replace(appealed=False, remitted=False), one, notice)
        case "stay_ended":
            return _resumed(life._replace(stayed=False), one, notice)
        case "quashed":
            return _Life(NoticeState.QUASHED, life.urgent, restarted=life.restarted)
        case "remitted":
            return life._replace(state=NoticeState.SUSPENDED, appealed=True, remitted=True)
        case "substituted" | "cancelled" | "complied":
            return life._replace(state=NoticeState(one.what.upper()))


def _halts(life: _Life, notice: Notice) -> bool:
    return life.stayed or life.remitted or (life.appealed and _suspends(notice, life))


def _halted(life: _Life, one: HappenedTo, notice: Notice) -> _Life:
    """Suspend what is in force, where something suspends it."""
    if life.state not in _ORDERING or not _halts(life, notice):
        return life
    return life._replace(state=NoticeState.SUSPENDED, interrupted=one.at)


def _resumed(life: _Life, one: HappenedTo, notice: Notice) -> _Life:
    """Let what was suspended go on, unless something else suspends it too."""
    if life.state is not NoticeState.SUSPENDED or _halts(life, notice):
        return life
    return life._replace(state=NoticeState.IN_FORCE, restarted=one.at)


def _why_not(life: _Life, one: HappenedTo, notice: Notice) -> str:
    if notice.served is not None and one.at < notice.served:
        return "it happened before the notice was served"
    if life.state in _ENDED:
        return f"the notice had ended: it was {life.state.lower()}"
    if life.state is NoticeState.PRELIMINARY:
        return "a preliminary notice has no life yet; serve it first (`state: in_force`)"
    needed = {
        "dismissed": (life.appealed, "no appeal was pending"),
        "appeal_withdrawn": (life.appealed, "no appeal was pending"),
        "appealed": (not life.appealed, "an appeal was pending already"),
        "remitted": (life.state is NoticeState.QUASHED, "it had not been quashed"),
        "stayed": (not life.stayed and life.state in _STAYABLE, "nothing was left to stay"),
        "stay_ended": (life.stayed, "it was not stayed"),
        "complied": (life.state in _ORDERING, "nothing had to be complied with then"),
        "urgency_lifted": (life.urgent, "it was not urgent"),
    }
    possible, why = needed.get(one.what, (True, ""))
    return "" if possible else why


def _before_force(notice: Notice, life: _Life, at: Instant) -> NoticeState:
    """Name the state of a notice that nothing has interrupted."""
    if life.urgent:
        begins = urgent_from(notice)
        return NoticeState.ISSUED if begins is not None and at < begins else life.state
    end = window_end(notice) if _suspends(notice, life) else None
    return NoticeState.APPEAL_WINDOW if end is not None and at < end else life.state


@lru_cache(maxsize=4_096)
def _after(notice: Notice, count: int) -> tuple[_Life, tuple[NoticeStep, ...]]:
    life = _begun(notice)
    for one in notice.life[:count]:
        life = _next(life, one, notice)
    return life, tuple([_step(notice, order, life) for order in notice.orders])


def _step(notice: Notice, order: Order, life: _Life) -> NoticeStep:
    not_before, complete_by = _window(notice, order, life)
    stands = life.state in _ORDERING
    if life.state is NoticeState.SUSPENDED and order.keeps and life.interrupted is not None:
        # Left as it was: what had not come into force by then restricted nothing.
        stands = not_before <= life.interrupted
    return NoticeStep(order.step_id, order.action, not_before, complete_by, stands)


def _window(notice: Notice, order: Order, life: _Life) -> tuple[Instant, Instant]:
    times = order.times
    if not isinstance(times, Given):
        return times.not_before, times.complete_by
    served, appeal = notice.served, notice.appeal
    reckoning = Reckoning() if appeal is None else appeal.reckoning
    if served is None:  # refused when it is read
        served = MIN_INSTANT
    end = window_end(notice)
    if life.restarted is not None:
        begins = life.restarted
        if end is not None and _suspends(notice, life):
            begins = max(begins, end)
        return begins, reckon(begins, times.within, reckoning)
    if notice.urgent and life.urgent:
        begins = urgent_from(notice) or served
        return begins, max(begins, reckon(served, times.within, reckoning))
    if end is None or times.after == "service":
        return served, reckon(served, times.within, reckoning)
    # "Within 3 months of the expiry of the appeal period": counted from its last day.
    return end, reckon(Instant(end - 1), times.within, reckoning)
