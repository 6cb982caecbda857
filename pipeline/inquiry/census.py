"""Counting an inventory: what stands where, what falls due, what stores owe an answer to.

Rows come in any order and more than once; of each record the newest version counts. Limits follow
the documents in force, not those of the day when a row was written.
"""

from collections import Counter
from typing import NamedTuple

import msgspec

from pipeline.appointing import is_appointment
from pipeline.errors import InvalidInput
from pipeline.identifiers import CommandId, RecordId
from pipeline.instants import DAY, Instant
from pipeline.ledger.unanswered import is_restricted, open_commands, overdue_at, status
from pipeline.records import Record
from pipeline.rules import Plan, Planner
from pipeline.vocabulary import DESTROYING

AHEAD_DAYS = (1, 7, 30)


class Open(NamedTuple):
    """A command that no store has settled. `answered`: a store has said something of it."""

    command_id: CommandId
    kind: str
    store: str
    issued_at: Instant
    overdue_at: Instant
    answered: bool


class _Standing(NamedTuple):
    """What is counted of one record; of a step of a notice, without `status`, its commands only."""

    version: int
    status: str
    due_by: Instant | None
    limited: bool
    held: bool
    restricted: bool
    open: tuple[Open, ...]


class Due(msgspec.Struct, frozen=True):
    """Records by when they must be gone; each number includes those before it. Held ones are not.

    `passed`: it should be done already.
    """

    passed: int = 0
    in_1_day: int = 0
    in_7_days: int = 0
    in_30_days: int = 0


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """What an inventory comes to at an instant.

    Attributes:
        records: by status.
        held: with data, under an active hold.
        without_limit: with data, and no policy gives them a limit.
        restricted: with data that a store was told to restrict, whatever else it was told.
        outstanding: commands that no store has settled, by kind.
        oldest_at: when the oldest of them was issued.
        overdue: of them, past their deadline, by store.
        unsent: deletions that no store was given: withheld by the governor, or on their way.
    """

    records: dict[str, int] = {}
    due: Due = Due()
    held: int = 0
    without_limit: int = 0
    restricted: int = 0
    outstanding: dict[str, int] = {}
    oldest_at: Instant | None = None
    overdue: dict[str, int] = {}
    unsent: int = 0


class Census:
    """An inventory in the making: a few dozen bytes a record, not the record itself.

    Args:
        planner: the rules in force; with others, begin a new census and read every row again.
    """

    def __init__(self, planner: Planner) -> None:
        self._planner = planner
        self._standings: dict[RecordId, _Standing] = {}
        self._sent: set[CommandId] = set()

    def take(self, record: Record) -> None:
        """Take one version of a record."""
        known = self._standings.get(record.record_id)
        if known is not None and known.version >= record.version:
            return
        plans = self._plans(record)
        self._standings[record.record_id] = _Standing(
            record.version,
            "" if is_appointment(record.record_id) else status(record),
            min([plan.due_by for plan in plans if plan.due_by is not None], default=None),
            bool(plans) and all(plan.limit_at is not None for plan in plans),
            any(plan.holds for plan in plans),
            is_restricted(record),
            tuple(
                [
                    Open(
                        item.command_id,
                        item.kind,
                        item.store,
                        item.issued_at,
                        overdue_at(item),
                        item.outcome is not None,
                    )
                    for item in open_commands(record)
                ]
            ),
        )

    def forget(self, record_id: RecordId) -> None:
        """Take note that a row was removed."""
        self._standings.pop(record_id, None)

    def sent(self, command_id: CommandId) -> None:
        """Take note that a command lies on its store's topic."""
        self._sent.add(command_id)

    def _plans(self, record: Record) -> list[Plan]:
        """Return the plan of each life; none where they cannot be worked out."""
        try:
            return [self._planner.plan(record, gone) for gone in record.lives()]
        except InvalidInput:
            return []

    def counts(self, now: Instant) -> Counts:
        """Count everything at an instant."""
        found = self._standings.values()
        records = [one for one in found if one.status]
        alive = [one for one in records if one.status != "DELETED"]
        standing = [command for one in found for command in one.open]
        limits = [one.due_by for one in alive if one.due_by is not None and not one.held]
        return Counts(
            records=dict(Counter(one.status for one in records)),
            due=_due(limits, now),
            held=sum(one.held for one in alive),
            without_limit=sum(not one.limited for one in alive),
            restricted=sum(one.restricted for one in alive),
            outstanding=dict(Counter(one.kind for one in standing)),
            oldest_at=min([one.issued_at for one in standing], default=None),
            overdue=dict(Counter(one.store for one in standing if one.overdue_at <= now)),
            unsent=sum(
                one.kind in DESTROYING and not one.answered and one.command_id not in self._sent
                for one in standing
            ),
        )


def _due(limits: list[Instant], now: Instant) -> Due:
    day, week, month = (now + days * DAY for days in AHEAD_DAYS)
    return Due(
        passed=sum(at <= now for at in limits),
        in_1_day=sum(at <= day for at in limits),
        in_7_days=sum(at <= week for at in limits),
        in_30_days=sum(at <= month for at in limits),
    )
