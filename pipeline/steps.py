"""Steps: the single things that must be commanded for a record; those of notices and requests."""

from collections.abc import Container, Iterable, Sequence

import msgspec

from pipeline.coverage import Limit, Ordered, OrderedStep, Owing
from pipeline.documents import Reach, Request
from pipeline.documents.asking import asked_of
from pipeline.documents.policy import Requirement
from pipeline.identifiers import Cause, StoreName
from pipeline.instants import MAX_INSTANT, MIN_INSTANT, Instant, format_instant
from pipeline.records import DISCLOSED, INFORMED, Record
from pipeline.tags import Residency
from pipeline.vocabulary import Anchor, CommandKind

_DELETE = CommandKind.DELETE.value
_RESTRICT = CommandKind.RESTRICT.value


class Step(msgspec.Struct, frozen=True, order=True, gc=False):
    """One thing that must be commanded, by when, from when, and why.

    Attributes:
        at_once: a notice step goes out as soon as it is in force; a retention maximum at its end
            less the store's lead.
        means_before: a deletion that a notice orders is of all data collected before then, that
            which the limit of its age would spare too; the minimum instant: only of what is as old.
        kept_until: end of the latest minimum that holds it back; the minimum instant: none does.
        kept_by: that minimum; empty: none.
        forbidden: the data should not have been collected.
        only: stores that it is for; empty: every store that has the data.
        uses: what a restriction stops, as purposes; empty: every use.
        fields: what of the data a `REDACT` erases, sorted.
    """

    complete_by: Instant
    cause: Cause
    kind: str
    not_before: Instant
    cause_version: int
    citation: str
    at_once: bool
    means_before: Instant = MIN_INSTANT
    kept_until: Instant = MIN_INSTANT
    kept_by: Cause = Cause("")
    forbidden: bool = False
    only: tuple[StoreName, ...] = ()
    uses: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()

    def is_for(self, store: StoreName) -> bool:
        """Whether a store is told of it."""
        return not self.only or store in self.only

    def wanted_at(self, lead: int) -> Instant:
        """Return when the command would go to a store if nothing held it back.

        Args:
            lead: how long before a maximum the store is told, in milliseconds.
        """
        if self.at_once:
            return self.not_before
        return Instant(max(self.not_before, self.complete_by - lead))

    @property
    def deadline(self) -> Instant:
        """By when it must be obeyed: `complete_by`, but not before a minimum has ended."""
        return max(self.complete_by, self.kept_until)

    def due_at(self, lead: int) -> Instant:
        """Return when the command goes to a store that asks for `lead` milliseconds."""
        return Instant(max(self.wanted_at(lead), self.kept_until))


def ordered_steps(
    record: Record, gone: Instant, notices: tuple[Ordered, ...], erasing: str = _DELETE
) -> list[Step]:
    """Return what notices order of a record.

    Of people who reside there: every step as soon as it is in force. Of people who likely do:
    restriction at once, deletion by its deadline. Of people who may: restriction only.

    Args:
        record: its facts.
        gone: up to which birth the data was erased before this life.
        notices: those that mean it.
        erasing: the kind of command by which it is erased: `REVIEW_MODEL` where a person decides.
    """
    collected = record.anchor(Anchor.COLLECTED, gone)
    if collected is None:
        return []
    found = []
    for ordered in notices:
        later = ordered.before is not None and collected >= ordered.before
        for step in ordered.steps:
            if step.stops:
                # What should not have been collected is not used.
                found += [_forbidden(ordered, step)] if collected >= step.complete_by else []
            if step.stops or later:
                continue
            made = Step(
                complete_by=step.complete_by,
                cause=step.cause,
                kind=erasing if step.deletes else _RESTRICT,
                not_before=step.not_before,
                cause_version=ordered.version,
                citation=ordered.citation,
                at_once=not step.deletes or ordered.reach == Reach.CERTAIN,
                means_before=MAX_INSTANT if ordered.before is None else ordered.before,
                uses=step.uses,
            )
            if not step.deletes or ordered.reach >= Reach.LIKELY:
                found.append(made)
            if step.deletes and ordered.reach < Reach.CERTAIN:
                found.append(msgspec.structs.replace(made, kind=_RESTRICT, at_once=True))
    return found


class Unmet(msgspec.Struct, frozen=True, gc=False):
    """By when something must be so of a record which is not, e.g. that people were told of it.

    Attributes:
        requires: what (`documents.policy.Requirement`).
        restricts: whether it is restricted from then on until it is so.
    """

    at: Instant
    limit: Limit
    restricts: bool
    requires: Requirement = "informed"

    def step(self) -> Step:
        """Return the restriction of data of which it was not so in time."""
        return Step(
            complete_by=self.at,
            cause=self.limit.cause,
            kind=_RESTRICT,
            not_before=self.at,
            cause_version=self.limit.version,
            citation=self.limit.citation,
            at_once=True,
        )


def unmet(record: Record, gone: Instant, duties: tuple[Owing, ...]) -> tuple[Unmet, ...]:
    """Return the duties that are not fulfilled for a life of a record.

    The time to tell people ends with the first disclosure to a recipient at the latest (GDPR art
    14(3)(c)); the first communication with the person (b) tells the person.
    """
    collected = record.anchor(Anchor.COLLECTED, gone)
    if collected is None:
        return ()
    informed, disclosed = record.anchor(INFORMED, gone), record.anchor(DISCLOSED, gone)
    found = []
    for duty in duties:
        at = duty.limit.end(collected)
        if duty.requires == "informed":
            if informed is not None:
                continue
            at = at if disclosed is None else max(collected, min(at, disclosed))
        found.append(Unmet(at, duty.limit, duty.restricts, duty.requires))
    return tuple(found)


def requested_steps(
    facts: Record,
    collected: Instant | None,
    requests: Iterable[Request],
    judged: Residency,
    at: Instant,
    erasing: str = _DELETE,
    derived: Container[Request] = (),
) -> list[Step]:
    """Return what the requests that name a record, or a person it is about, call for.

    Args:
        facts: of this life of the record.
        collected: when its data was collected first; None: it never was.
        requests: those that name it.
        judged: its residency.
        at: when membership of territories in groups is asked.
        erasing: the kind of command by which it is erased, as for `ordered_steps`.
        derived: those that mean what it was derived from: when that was collected decides.
    """
    found = []
    for request in requests:
        before = request.collected_before
        if collected is None:
            continue
        own = request not in derived
        if own and before is not None and collected >= before:
            continue
        asked = asked_of(request, facts, judged, at)
        if asked.orders:
            # Of what is collected later there is as much time, from then on.
            begins = max(request.received, collected) if own else request.received
            found.append(
                Step(
                    complete_by=Instant(begins + request.deadline - request.received),
                    cause=request.cause,
                    kind=erasing if asked.orders == "delete" else _RESTRICT,
                    not_before=begins,
                    cause_version=request.version,
                    citation=request.citation.text,
                    at_once=True,
                    means_before=MAX_INSTANT if before is None or not own else before,
                )
            )
    return found


def _forbidden(ordered: Ordered, step: OrderedStep) -> Step:
    return Step(
        complete_by=step.complete_by,
        cause=step.cause,
        kind=_RESTRICT,
        not_before=step.complete_by,
        cause_version=ordered.version,
        citation=ordered.citation,
        at_once=True,
        forbidden=True,
    )


_SHOWN_FIELDS = 10


def some_of(fields: Sequence[str]) -> str:
    """Name fields of the data, the first ten of many."""
    more = len(fields) - _SHOWN_FIELDS
    return ", ".join(fields[:_SHOWN_FIELDS]) + (f" and {more} more" if more > 0 else "")


def fields_in_words(step: Step) -> str:
    """Say which fields go before the rest, and since when nobody must keep them."""
    ended = f" from {format_instant(step.kept_until)} on" if step.kept_by else ""
    return f"fields {some_of(step.fields)}: no duty to keep means them{ended}"


def decisive(due: Sequence[Step], lead: int) -> Step | None:
    """Return which of several deletions that are due is commanded; None: there is none.

    Of maxima that which ends first, whichever its store is told of first; between it and what
    notices and requests order, that which was to go out first.
    """
    maxima = sorted(step for step in due if step.cause.startswith("policy:"))
    ordered = [step for step in due if not step.cause.startswith("policy:")]
    return min([*maxima[:1], *ordered], key=lambda step: (step.due_at(lead), step), default=None)
