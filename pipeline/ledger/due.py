"""What one record owes now: the commands to issue, the findings to raise, and when to look again.

Pure: a record, a planner and `now` in; a `Due` out. Restriction, which can be undone, is issued at
once; deletion only where the caller vouches that everything published before `now` was taken into
account (`may_delete`), which in a job only an event-time timer does. `issuing` makes the commands,
`redacting` has fields erased that nobody must keep, `unanswered` watches for answers, `answering`
takes what the stores say.
"""

from typing import NamedTuple

from pipeline.commands import Command
from pipeline.coverage import Gap
from pipeline.errors import InvalidInput
from pipeline.findings import Decision, Finding
from pipeline.identifiers import StoreName
from pipeline.instants import MIN_INSTANT, Instant
from pipeline.ledger.awaiting import awaits_parents
from pipeline.ledger.giving_way import gives_way
from pipeline.ledger.issuing import AT_ONCE, Draft
from pipeline.ledger.leaving import DELETE, REVIEW
from pipeline.ledger.notifying import notify, notify_anew
from pipeline.ledger.noting import no_store, observe, undecided, unfulfilled, withheld
from pipeline.ledger.redacting import reconsider_fields, redact
from pipeline.ledger.restricting import hold, keep, release
from pipeline.ledger.telling import cannot_be_evaluated, collection_goes_on
from pipeline.ledger.unanswered import watch_answers
from pipeline.records import LATE, Issued, Record, is_open, pruned
from pipeline.rules import Plan, Planner
from pipeline.steps import Step, decisive
from pipeline.vocabulary import DESTROYING, FindingKind


class Due(NamedTuple):
    """The record after issuing, what leaves, and when to look again (None: only if it changes).

    `plan` is that of its most urgent life, None when the record lives nowhere. `asks`: the instant
    of which the word of each parent is wanted. `is_over`: even that it was
    deleted is to be forgotten. `repeats`: parents were asked long ago, and are to be asked again.
    """

    record: Record
    plan: Plan | None
    commands: tuple[Command, ...]
    findings: tuple[Finding, ...]
    decisions: tuple[Decision, ...]
    wake: Instant | None
    asks: Instant = MIN_INSTANT
    is_over: bool = False
    repeats: bool = False

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """What is missing about records of its class, or about the store that held it unknown."""
        found = () if self.plan is None else self.plan.gaps
        if not self.record.untracked:
            return found
        kind = FindingKind.UNTRACKED_RECORD
        return (*found, *(Gap(kind, store) for store in self.record.stores))


def owed(
    record: Record,
    planner: Planner,
    now: Instant,
    *,
    may_delete: bool,
    commanding: bool = True,
    clock: Instant | None = None,
) -> Due:
    """Work out what a record owes at `now`.

    Args:
        record: its facts.
        planner: the rules in force.
        now: the instant up to which everything published has been taken into account.
        may_delete: whether `DELETE` may be issued; otherwise it only wakes.
        commanding: False withholds every `DELETE` (clocks differ); the record is looked at again.
        clock: the broker's time, when a late timer makes it later than `now`.
    """
    try:
        if not (record.issued or record.answers):
            quiet = _not_yet(record, planner, now)
            if quiet is not None:
                return quiet
        draft = Draft(record, planner, now, may_delete=may_delete and commanding, clock=clock)
        return _owed(draft)
    except InvalidInput as error:
        # What cannot be worked out deletes nothing. The error names periods, never the record.
        return Due(
            record,
            None,
            (),
            (cannot_be_evaluated(record, error, now, planner.in_force.edition),),
            (),
            None,
        )


def _owed(draft: Draft) -> Due:
    plans = []
    for gone, stores in draft.record.lives().items():
        plan = draft.planner.plan(draft.record, gone)
        plans.append(plan)
        draft.begin(gone, plan)
        if not stores:
            no_store(draft, plan)
        for store in stores:
            _consider(draft, plan, store)
        notify(draft, gone, stores)
        unfulfilled(draft, plan)
        for step in plan.observed:
            observe(draft, step, min(map(draft.planner.lead, stores), default=0))
    notify_anew(draft)
    watch_answers(draft)
    if not plans and not draft.wakes:
        rest = _gone(draft.finished(), planner=draft.planner, now=draft.now)
        return rest._replace(
            commands=tuple(draft.commands),
            findings=tuple(draft.findings),
            decisions=tuple(draft.decisions),
        )
    return Due(
        draft.finished(),
        min(plans, key=_urgency, default=None),
        tuple(draft.commands),
        tuple(draft.findings),
        tuple(draft.decisions),
        min(draft.wakes, default=None),
        draft.asks,
        repeats=draft.repeats,
    )


def _not_yet(record: Record, planner: Planner, now: Instant) -> Due | None:
    """Return what a record owes for which nothing is commanded and nothing is due; else None.

    Nearly every look at a record ends here; what it finds is what the long way would find.
    """
    lives = record.lives()
    if not lives:
        return _gone(record, planner, now)
    ((gone, stores),) = lives.items()
    plan = planner.plan(record, gone)
    wakes = _wakes(plan, planner, stores)
    if wakes and min(wakes) <= now:
        return None
    return Due(record, plan, (), (), (), min(wakes, default=None))


def _gone(record: Record, planner: Planner, now: Instant) -> Due:
    """Forget whom and what the data was about once no late event can tell of more of it.

    That it was deleted, and why, is forgotten when the policy says so.
    """
    bare = pruned(record, late_ms=0)
    forget_at = Instant(record.gone_everywhere + LATE)
    if bare != record and forget_at > now:
        return Due(record, None, (), (), (), forget_at)
    ended = bare.ended_at
    over_at = None if ended is None else planner.forgets_at(ended)
    if over_at is None or over_at > now:
        return Due(bare if bare != record else record, None, (), (), (), over_at)
    return Due(bare, None, (), (), (), now, is_over=True)


def _wakes(plan: Plan, planner: Planner, stores: list[StoreName]) -> list[Instant]:
    """Return when each step is wanted in each store; without stores, when deletion falls due."""
    if not stores:
        found = [step.wanted_at(0) for step in plan.steps if step.kind == DELETE]
    else:
        found = [
            step.wanted_at(planner.lead(store)) if step.kind in DESTROYING else step.not_before
            for step in plan.steps
            for store in stores
        ]
    found += [one.at for one in plan.unmet]
    if plan.observed:
        lead = min(map(planner.lead, stores), default=0)
        found += [step.wanted_at(lead) for step in plan.observed]
    return found


def _urgency(plan: Plan) -> int:
    return plan.limit_at or 0


def _consider(draft: Draft, plan: Plan, store: StoreName) -> None:
    for step in plan.steps:
        if not step.is_for(store):
            continue
        if step.kind in AT_ONCE and not draft.stands(step.kind, store, step.cause):
            if step.not_before <= draft.now:
                draft.issue(step, store, step.not_before)
                if step.forbidden:
                    draft.findings.append(collection_goes_on(step.cause, draft.now))
            else:
                draft.wakes.append(step.not_before)
        if step.kind == REVIEW:
            undecided(draft, step)
    deletions = [item for item in draft.standing(DELETE, store) if not draft.lapses(item)]
    for item in deletions:
        if is_open(item):
            _reconsider(draft, plan, store, item)
    reconsider_fields(draft, plan, store)
    release(draft, plan, store)
    if not any(map(draft.present.covers, draft.standing(DELETE, store))):
        _consider_deletion(draft, plan, store)


def _reconsider(draft: Draft, plan: Plan, store: StoreName, issued: Issued) -> None:
    """What is not said to be done may still be undone: withdraw a deletion that must not be.

    Like the deletion itself only when everything published before was taken into account, so that
    the order in which documents are read decides nothing.
    """
    lead = draft.planner.lead(store)
    due = [step.due_at(lead) for step in plan.steps if step.kind == DELETE]
    if not plan.holds and min(due, default=draft.clock + 1) <= draft.clock:
        if gives_way(draft, plan, issued):
            draft.withdraw(issued)
        return
    if not draft.may_delete:
        draft.wakes.append(draft.clock)
        return
    if plan.holds:
        step = Step(
            complete_by=issued.complete_by,
            cause=issued.cause,
            kind=DELETE,
            not_before=issued.not_before,
            cause_version=issued.cause_version,
            citation=issued.citation,
            at_once=True,
        )
        hold(draft, plan, store, step)
    draft.withdraw(issued)
    draft.wakes += [] if plan.holds else due


def _consider_deletion(draft: Draft, plan: Plan, store: StoreName) -> None:
    lead = draft.planner.lead(store)
    deletions = sorted([(s.due_at(lead), s) for s in plan.steps if s.kind == DELETE])
    draft.wakes += [due_at for due_at, _ in deletions if due_at > draft.now]
    due = [step for due_at, step in deletions if due_at <= draft.now]
    if due and plan.holds:
        hold(draft, plan, store, due[0])
        return
    stops = [(draft.planner.in_force.stopped(store, step.cause), step) for step in due]
    # A promise that is paused, or held up by a duty to keep, hides no other that is due.
    free = decisive([step for control, step in stops if control is None], lead)
    if free is None:
        for control, step in stops:
            if control is not None:
                withheld(draft, step, control)
        keep(draft, plan, store, lead)
        redact(draft, plan, store)
    elif draft.may_delete:
        if not awaits_parents(draft, free.due_at(lead)):
            draft.issue(free, store, free.due_at(lead))
    else:
        draft.wakes.append(free.due_at(lead))
