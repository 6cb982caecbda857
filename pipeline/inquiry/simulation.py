"""What documents would do to an inventory: under those in force, and under others beside them.

The same planner as the job's, asked about every record under both. Nothing is commanded, and no
event that is still to come is guessed: what is said is of the inventory as it is.
"""

from collections import Counter
from enum import StrEnum
from typing import NamedTuple

import msgspec

from pipeline.errors import InvalidInput
from pipeline.identifiers import RecordId
from pipeline.instants import DAY, Instant
from pipeline.records import Record
from pipeline.rules import Plan, Planner
from pipeline.steps import decisive
from pipeline.vocabulary import CommandKind

_DELETE, _REDACT = CommandKind.DELETE.value, CommandKind.REDACT.value


class Outcome(StrEnum):
    """What would come of a record in a store by the end of a simulation."""

    DUE = "due"
    """A deletion would be commanded."""
    HELD = "held"
    """It would, were there no hold."""
    PROTECTED = "protected"
    """It would, were there no duty to keep it longer."""
    IN_PART = "in part"
    """As protected, but fields that no duty means would be erased."""
    LATER = "later"
    """Its limit lies beyond the end."""
    UNLIMITED = "unlimited"
    """No policy gives it a limit, or what it owes cannot be worked out."""


_DESTROYS = frozenset({Outcome.DUE, Outcome.IN_PART})


class Verdict(NamedTuple):
    """What would come of a record in one store.

    Attributes:
        cause: the rule, default or notice step that decides; empty: none does.
        at: when a deletion is commanded, or would be but for what stands against it.
    """

    outcome: Outcome
    cause: str = ""
    at: Instant | None = None


class Line(msgspec.Struct, frozen=True):
    """How many records of a store one cause would lead to an outcome: in force, and simulated."""

    store: str
    cause: str
    outcome: str
    in_force: int
    simulated: int


class Changes(msgspec.Struct, frozen=True):
    """What the simulated documents change, in records times stores.

    Attributes:
        newly_due: due by the end, wholly or in part, and not before.
        no_longer_due: the other way round.
        earlier, later: due under both, at another instant.
        other_cause: due under both, for another reason.
        same: nothing differs.
    """

    newly_due: int = 0
    no_longer_due: int = 0
    earlier: int = 0
    later: int = 0
    other_cause: int = 0
    same: int = 0


class Day(msgspec.Struct, frozen=True):
    """Deletions that would be commanded in the 24 hours from `at` on; what is past is in the first.

    All that a rule would delete, whatever `at_most` lets go a day.
    """

    at: Instant
    in_force: int
    simulated: int


class Simulation(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it.

    Attributes:
        records: with data.
        unknown: of them, the residency of somebody is not concluded.
        lines: by store, cause and outcome.
        days: from `at` to `until`.
        candidates: the very texts that were simulated, e.g. `policies/acme@2:0a1b2c3d4e5f`, sorted.
        changes_at: when documents next change by themselves (a notice is served or decided, a
            version takes effect): what follows is not in it; None: not before the end.
        ids: by which another person approves it, one for each candidate that has a mode: its name,
            a slash, and the first digits of the SHA-256 of all the rest, as canonical JSON.
    """

    at: Instant
    until: Instant
    records: int
    unknown: int
    lines: tuple[Line, ...]
    changes: Changes
    days: tuple[Day, ...]
    changes_at: Instant | None = None
    candidates: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()


class _Seen(NamedTuple):
    version: int
    unknown: bool
    verdicts: tuple[tuple[str, Verdict, Verdict], ...]


class Simulator:
    """A simulation in the making: a verdict a store is kept of each record, not the record.

    Args:
        in_force: the rules in force.
        simulated: those with the candidates in place.
        at: the present.
        until: the end.
    """

    def __init__(self, in_force: Planner, simulated: Planner, at: Instant, until: Instant) -> None:
        self._planners = (in_force, simulated)
        self._at, self._until = at, until
        self._seen: dict[RecordId, _Seen] = {}

    def take(self, record: Record) -> None:
        """Take one version of a record; of several the newest counts."""
        known = self._seen.get(record.record_id)
        if known is not None and known.version >= record.version:
            return
        before, after = (self._verdicts(record, planner) for planner in self._planners)
        verdicts = tuple([(store, before[store], after[store]) for store in before])
        unknown = self._planners[1].judge.judge(record.subjects).resident.unknown
        self._seen[record.record_id] = _Seen(record.version, unknown, verdicts)

    def forget(self, record_id: RecordId) -> None:
        """Take note that a row was removed."""
        self._seen.pop(record_id, None)

    def done(self) -> Simulation:
        """Return what came of it."""
        alive = [one for one in self._seen.values() if one.verdicts]
        pairs = [verdict for one in alive for verdict in one.verdicts]
        known = [planner.in_force.until for planner in self._planners]
        turns = [at for at in known if at is not None and at <= self._until]
        return Simulation(
            at=self._at,
            until=self._until,
            records=len(alive),
            unknown=sum(one.unknown for one in alive),
            lines=_lines(pairs),
            changes=_changes(pairs),
            days=self._days(pairs),
            changes_at=min(turns, default=None),
        )

    def _verdicts(self, record: Record, planner: Planner) -> dict[str, Verdict]:
        """Return what would come of a record, by store; of no store under an empty name."""
        found: dict[str, Verdict] = {}
        for gone, stores in record.lives().items():
            try:
                plan = planner.plan(record, gone)
            except InvalidInput:
                found |= {str(store): Verdict(Outcome.UNLIMITED) for store in stores or ("",)}
                continue
            for store in stores:
                found[store] = self._verdict(plan, planner.lead(store))
            if not stores:  # nobody can be told
                found[""] = self._verdict(plan, 0)
        return found

    def _verdict(self, plan: Plan, lead: int) -> Verdict:
        deletions = [step for step in plan.steps if step.kind == _DELETE]
        if not deletions:
            return Verdict(Outcome.UNLIMITED)
        wanted = min(deletions, key=lambda step: (step.wanted_at(lead), step))
        if wanted.wanted_at(lead) > self._until:
            return Verdict(Outcome.LATER, wanted.cause, wanted.wanted_at(lead))
        if plan.holds:
            return Verdict(Outcome.HELD, wanted.cause, wanted.wanted_at(lead))
        first = min(step.due_at(lead) for step in deletions)
        if first > self._until:
            parts = [step.due_at(lead) for step in plan.steps if step.kind == _REDACT]
            if parts and min(parts) <= self._until:
                return Verdict(Outcome.IN_PART, wanted.cause, max(min(parts), self._at))
            return Verdict(Outcome.PROTECTED, wanted.cause, first)
        at = Instant(max(first, self._at))  # what is overdue, now
        step = decisive([step for step in deletions if step.due_at(lead) <= at], lead)
        return Verdict(Outcome.DUE, "" if step is None else step.cause, at)

    def _days(self, pairs: list[tuple[str, Verdict, Verdict]]) -> tuple[Day, ...]:
        before = Counter(self._day(one) for _, one, _ in pairs if one.outcome in _DESTROYS)
        after = Counter(self._day(one) for _, _, one in pairs if one.outcome in _DESTROYS)
        last = (self._until - self._at) // DAY
        return tuple(
            [
                Day(Instant(self._at + number * DAY), before[number], after[number])
                for number in range(last + 1)
            ]
        )

    def _day(self, verdict: Verdict) -> int:
        return ((verdict.at or self._at) - self._at) // DAY


def _lines(pairs: list[tuple[str, Verdict, Verdict]]) -> tuple[Line, ...]:
    before = Counter((store, one.cause, one.outcome.value) for store, one, _ in pairs)
    after = Counter((store, one.cause, one.outcome.value) for store, _, one in pairs)
    return tuple([Line(*key, before[key], after[key]) for key in sorted(before | after)])


def _changes(pairs: list[tuple[str, Verdict, Verdict]]) -> Changes:
    counts = Counter(_change(before, after) for _, before, after in pairs)
    return Changes(**counts)


def _change(before: Verdict, after: Verdict) -> str:
    due = (before.outcome in _DESTROYS, after.outcome in _DESTROYS)
    if due == (True, True) and before.outcome is not after.outcome:
        # More of it, or less.
        return "newly_due" if after.outcome is Outcome.DUE else "no_longer_due"
    if due == (False, True):
        return "newly_due"
    if due == (True, False):
        return "no_longer_due"
    if due == (True, True) and before.at != after.at:
        return "earlier" if (after.at or 0) < (before.at or 0) else "later"
    if due == (True, True) and before.cause != after.cause:
        return "other_cause"
    return "same"
