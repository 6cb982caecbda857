"""The life of a notice: where it stands at an instant, and what it orders then.

`course` folds what has happened, `times` says when each order begins and ends. Suspension takes
back what is pending and never brings back what was deleted.
"""

from functools import lru_cache
from typing import NamedTuple

from pipeline.documents.course import ORDERING, Course, NoticeState, course, suspends
from pipeline.documents.times import Counted, earliest, window
from pipeline.documents.values import Hold, Notice, Order, StepAction
from pipeline.identifiers import Cause, DocumentId
from pipeline.instants import Instant

_KEEPING = frozenset(
    {NoticeState.ISSUED, NoticeState.APPEAL_WINDOW, NoticeState.IN_FORCE, NoticeState.SUSPENDED}
)


class NoticeStep(NamedTuple):
    """An order with the instants that follow from the notice's life.

    Attributes:
        stands: whether it orders anything now, or will by itself.
        counted: from what its time counts.
    """

    step_id: str
    action: StepAction
    not_before: Instant
    complete_by: Instant
    stands: bool
    counted: Counted = ""


class Standing(NamedTuple):
    """A notice at an instant.

    Attributes:
        state: where it stands.
        steps: every order, with its instants, whether or not it stands.
        holds: whether it keeps what it means from being destroyed; while it is appealed too.
    """

    notice: Notice
    state: NoticeState
    steps: tuple[NoticeStep, ...]
    holds: bool = False

    @property
    def ordered(self) -> tuple[NoticeStep, ...]:
        """What it orders."""
        return tuple([step for step in self.steps if step.stands])

    def cause(self, step: NoticeStep) -> Cause:
        """Name a step as the cause of a command."""
        return self.notice.cause(step.step_id)


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
    return _standing(notice, sum(one.at <= at for one in notice.life), at)


def states(notice: Notice) -> tuple[NoticeState, ...]:
    """Return where the notice stood after each entry of its life."""
    return tuple(
        [_standing(notice, count, one.at).state for count, one in enumerate(notice.life, start=1)]
    )


def last(notice: Notice) -> Course:
    """Return what counts of a notice's whole life."""
    return course(notice, len(notice.life))


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


def _standing(notice: Notice, count: int, at: Instant) -> Standing:
    found = course(notice, count)
    state, steps = found.state, _steps(notice, count)
    if notice.served is not None and at < notice.served:
        state = NoticeState.PRELIMINARY
        steps = tuple([step._replace(stands=False) for step in steps])
    elif state is NoticeState.IN_FORCE:
        state = _before_force(notice, found, at)
    holds = notice.kind != "enforcement" and state in _KEEPING and not found.complied
    return Standing(notice, state, steps, holds)


def _before_force(notice: Notice, found: Course, at: Instant) -> NoticeState:
    """Name the state of a notice of which nothing may be required yet."""
    begins = earliest(notice, found)
    if begins is None or at >= begins:
        return found.state
    return NoticeState.APPEAL_WINDOW if suspends(notice, found) else NoticeState.ISSUED


@lru_cache(maxsize=4_096)
def _steps(notice: Notice, count: int) -> tuple[NoticeStep, ...]:
    found = course(notice, count)
    return tuple([_step(notice, order, found) for order in notice.orders])


def _step(notice: Notice, order: Order, found: Course) -> NoticeStep:
    not_before, complete_by, counted = window(notice, order, found)
    stands = found.state in ORDERING
    suspended = found.state is NoticeState.SUSPENDED
    if suspended and order.keeps and found.before is not None and found.interrupted is not None:
        # Left as it was: what had not come into force by then restricted nothing.
        not_before, complete_by, counted = window(notice, order, found.before)
        stands = not_before <= found.interrupted
    return NoticeStep(order.step_id, order.action, not_before, complete_by, stands, counted)
