"""What one record counts for: its standing under the documents in force. Pure.

A row of the inventory says what followed when it was written; a policy that came later changes
limits without a new row. So the plan is worked out here, from the row's facts, as the ledger does.
"""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from pipeline.appointing import is_appointment
from pipeline.errors import InvalidInput
from pipeline.identifiers import Cause, StoreName
from pipeline.instants import HOUR, Instant
from pipeline.ledger.present import Present
from pipeline.ledger.unanswered import is_restricted, open_commands, overdue_at, status
from pipeline.metrics.metric import REFUSALS
from pipeline.records import OBSERVED, Issued, Record
from pipeline.rules import Plan, Planner
from pipeline.vocabulary import CommandKind

DELETE = CommandKind.DELETE.value
_LASTS = frozenset({CommandKind.RESTRICT, CommandKind.STOP_COLLECTION, CommandKind.ATTEST})
"""Kinds of commands that, once obeyed, leave their step ordered, and done."""
Counts = tuple[tuple[tuple[str, ...], int], ...]


class Standing(NamedTuple):
    """What many records share.

    Attributes:
        stores: that hold it, or held it.
        status: see `ledger.unanswered.status`; empty: it is a step of a notice, and no record.
        band: the surest conclusion about residency, one of `metric.BANDS`.
        unknown: whether of somebody nothing is concluded.
        restricted: whether data is to be restricted.
        held: whether a hold is on it.
        unlimited: whether it has data and no limit.
        returned: whether it has data again after a deletion that a store confirmed.
        commands: issued, by kind and kind of cause.
        observed: deletions that would have been commanded.
        answers: commands by outcome.
        outstanding: commands by store and kind.
        overdue: commands by store, as the job has said.
        refused: those outstanding whose store has answered that it did not, or not all, by store
            and answer.
        expected: the others that are outstanding, by store and the hour of the epoch from which
            they are overdue: a job that stands says nothing.
        notices: steps of notices that it is in scope of, and whether all is done that they order.
    """

    status: str
    stores: tuple[StoreName, ...] = ()
    band: str = "NONE"
    unknown: bool = False
    restricted: bool = False
    held: bool = False
    unlimited: bool = False
    returned: bool = False
    commands: Counts = ()
    observed: int = 0
    answers: Counts = ()
    outstanding: Counts = ()
    overdue: Counts = ()
    refused: Counts = ()
    expected: tuple[tuple[tuple[StoreName, int], int], ...] = ()
    notices: tuple[tuple[Cause, bool], ...] = ()


class Seen(NamedTuple):
    """A record's standing, and its own instants.

    Attributes:
        due_at: when its deletion must be done; None: nothing is due, or a hold is on it.
        waiting_since: when its oldest outstanding command was issued; None: none is outstanding.
    """

    standing: Standing
    due_at: Instant | None
    waiting_since: Instant | None


def seen(record: Record, planner: Planner) -> Seen:
    """Return what a record counts for."""
    lives = record.lives()
    try:
        plans = [(planner.plan(record, gone), stores) for gone, stores in lives.items()]
    except InvalidInput:  # as the ledger: what cannot be worked out has no limit
        plans = []
    found = [plan for plan, _ in plans]
    held = any(plan.holds for plan in found)
    own = is_appointment(record.record_id)
    there = bool(lives) and not own
    standing = Standing(
        status="" if own else "ACTIVE" if lives and not record.issued else status(record),
        stores=record.stores,
        band=_band(found) if lives else "NONE",
        unknown=there and (not found or any(p.residency.resident.unknown for p in found)),
        held=held,
        returned=bool(lives) and bool(record.came_back),
        unlimited=there and (not found or any(plan.limit_at is None for plan in found)),
    )
    dues = [] if held else [at for at in [plan.due_by for plan in found] if at is not None]
    due = min(dues, default=None)
    if not record.issued:
        notices = _notices(record, (), plans)
        return Seen(standing._replace(notices=notices) if notices else standing, due, None)
    waiting = open_commands(record)
    commands = [item for item in record.issued if item.kind != OBSERVED]
    overdue = [item for item in waiting if item.overdue]
    expected = Counter((i.store, -(-overdue_at(i) // HOUR)) for i in waiting if not i.overdue)
    standing = standing._replace(
        returned=standing.returned or bool(record.returned),
        restricted=is_restricted(record),
        commands=_counted((item.kind, item.cause.partition(":")[0]) for item in commands),
        observed=len(record.issued) - len(commands),
        answers=_counted((item.outcome,) for item in commands if item.outcome is not None),
        outstanding=_counted((item.store, item.kind) for item in waiting),
        overdue=_counted((item.store,) for item in overdue),
        refused=_counted((i.store, i.outcome) for i in waiting if i.outcome in REFUSALS),
        expected=tuple(sorted(expected.items())),
        notices=_notices(record, waiting, plans),
    )
    return Seen(standing, due, min((item.issued_at for item in waiting), default=None))


def _band(plans: list[Plan]) -> str:
    bands = {tag.band for plan in plans for tag in plan.residency.resident.tags}
    if "RESIDENT" in bands:
        return "RESIDENT"
    return "LIKELY" if bands else "UNKNOWN"


def _counted(keys: Iterable[tuple[str, ...]]) -> Counts:
    return tuple(sorted(Counter(keys).items()))


def _notices(
    record: Record, waiting: Iterable[Issued], plans: list[tuple[Plan, list[StoreName]]]
) -> tuple[tuple[Cause, bool], ...]:
    """Return the steps of notices that order something, and whether all of that is done.

    A deletion that is done ends the life it was of: while a plan orders one, it is not done.
    """
    found: dict[Cause, bool] = {}
    given = [i for i in record.issued if _is_notice(i.cause) and not (i.withdrawn or i.withdraws)]
    for item in given:
        found[item.cause] = True
    for item in waiting:
        if item.cause in found and item.withdraws is None:
            found[item.cause] = False
    ordered = [
        (step, stores) for plan, stores in plans for step in plan.steps if _is_notice(step.cause)
    ]
    present = Present(record) if given and ordered else None
    # A restriction ends with the life that it was given for.
    obeyed = {
        (item.cause, item.store)
        for item in given
        if item.kind in _LASTS and present is not None and present.reaches(item)
    }
    for step, stores in ordered:
        done = step.kind in _LASTS and all((step.cause, store) in obeyed for store in stores)
        found[step.cause] = found.get(step.cause, True) and done
    return tuple(sorted(found.items()))


def _is_notice(cause: Cause) -> bool:
    return cause.startswith("notice:")


def notice_step(cause: Cause) -> tuple[str, str]:
    """Return the ids of the notice and the step that a cause names."""
    notice, _, step = cause.removeprefix("notice:").rpartition("/")
    return notice, step
