"""An explanation in plain words, line by line."""

from collections.abc import Iterator, Sequence
from itertools import islice

from pipeline.documents import DOCUMENT_SCOPE, SIMULATION_SCOPE
from pipeline.inquiry.explanation import (
    Considered,
    Entry,
    Explanation,
    LifeSaid,
    ParentSaid,
    Result,
    StepSaid,
    TagSaid,
)
from pipeline.instants import MIN_INSTANT, Instant, format_instant
from pipeline.records import is_key
from pipeline.steps import some_of

SHOWN_DIGITS = 12
"""So many digits of a text's digest are shown, as in an approval."""
MAX_FIELDS = 10
"""So many fields of the data are told of by name."""
MAX_PARENTS = 10
"""So many records that one was derived from are told of by name."""
_DONE = (Result.DECIDES.value, Result.ORDERS.value)
_QUIET = (
    Result.NO_MATCH.value,
    Result.RELEASED.value,
    Result.WITHDRAWN.value,
    Result.SUBSTITUTED.value,
    Result.CANCELLED.value,
)


def in_words(said: Explanation) -> Iterator[str]:
    """Yield the lines of a short story: what it is, what follows and why, what happened."""
    yield f"Record {said.record_id} at {format_instant(said.at)}: {said.status}"
    for line in said.not_kept:
        yield f"  not kept: {line}"
    if said.facts_at > MIN_INSTANT:
        yield from _facts(said)
    for life in said.lives:
        yield ""
        yield from _follows(life, several=len(said.lives) > 1)
    if said.facts_at > MIN_INSTANT and not said.lives:
        yield ""
        yield "No data is believed to exist; nothing is owed."
    if said.gaps:
        yield ""
        yield f"Missing: {', '.join(said.gaps)}"
    yield ""
    yield from _happened(said)
    yield ""
    yield from _documents(said)


def _facts(said: Explanation) -> Iterator[str]:
    if not (said.people or said.lives):
        yield "  whom and what it was about is forgotten: the data is gone"
        return
    people = "nobody in particular" if not said.people else _count(said.people, "person", "people")
    yield f"  about {people}: {_tags(said.tags, 'resident') or 'residency is not concluded'}"
    if said.unknown and (said.candidates or said.tags):
        named = f"; evidence names {', '.join(said.candidates)}" if said.candidates else ""
        yield f"  residency of somebody is not concluded{named}"
    present = _tags(said.tags, "present")
    if present and present != _tags(said.tags, "resident"):
        yield f"  where they are: {present}"
    for text in said.conflicts:
        yield f"  signals contradict each other: {text}"
    yield f"  judged by {said.method}"
    held = f"a {said.kind}, held for {_listed(said.purposes, 'no purpose')}"
    yield f"  {held}, by {_listed(said.lawful_bases, 'no lawful basis')}"
    where = f"in {_listed(said.stores, 'no store')}"
    yield f"  {_listed(said.categories, 'no category')}; from {_listed(said.sources)}; {where}"
    for name, words in islice(said.fields.items(), MAX_FIELDS):
        yield f"  its field {name}: {', '.join(words)}"
    if len(said.fields) > MAX_FIELDS:
        yield f"  and {len(said.fields) - MAX_FIELDS:,} fields more"
    yield from map(_parent, said.parents[:MAX_PARENTS])
    if len(said.parents) > MAX_PARENTS:
        yield f"  and from {len(said.parents) - MAX_PARENTS:,} more"
    if said.children:
        yield f"  {_count(said.children, 'record was', 'records were')} derived from it"


def _parent(one: ParentSaid) -> str:
    documents = _listed(one.documents, "no document")
    if is_key(one.parent_id):
        return f"  data of its natural key was deleted under {documents}"
    if not one.answered:
        return f"  derived from {one.parent_id}, which has not said yet what means it"
    if not one.known:
        return f"  derived from {one.parent_id}, of which nobody has told"
    means = "means" if len(one.documents) < 2 else "mean"
    return f"  derived from {one.parent_id}, which {documents} {means}, as of {_at(one.at)}"


def _tags(tags: Sequence[TagSaid], axis: str) -> str:
    return "; ".join(
        f"{tag.band} of {tag.territory} ({tag.score / 1_000:.2f} by {', '.join(tag.evidence)})"
        for tag in tags
        if tag.axis == axis
    )


def _follows(life: LifeSaid, *, several: bool) -> Iterator[str]:
    where = f" in {_listed(life.stores, 'no store')}" if several else ""
    yield f"What follows{where}"
    if life.trouble is not None:
        yield f"  its limit cannot be worked out ({life.trouble}); it is not deleted"
        return
    yield from _gone_by(life)
    for step in life.steps:
        yield from _step(step)
    for name in life.holds:
        yield f"  blocked by hold:{name}"
    for step in life.observed:
        yield f"  only observed: {step.kind} by {format_instant(step.complete_by)}, {step.cause}"
    yield ""
    yield "Rules considered"
    told = [one for one in life.considered if one.result not in _QUIET]
    for one in told:
        yield f"  {_considered(one)}"
    for one in life.considered:
        if one.result in _QUIET:
            axes = f" ({', '.join(one.missed)})" if one.missed else ""
            yield f"  {one.name} {one.result}{axes}"
    yield ""
    yield "Why"
    for reason in life.reasons:
        yield f"  {reason}"


def _gone_by(life: LifeSaid) -> Iterator[str]:
    if life.limit_at is None:
        yield "  no limit: no policy is in force"
    if life.due_by is not None:
        yield f"  must be gone by {format_instant(life.due_by)}"
    elif life.limit_at is not None:
        yield "  must be kept until a duty to keep it ends, which has not begun to"


def _step(step: StepSaid) -> Iterator[str]:
    cited = f"{step.cause} version {step.version} ({step.citation})"
    named = ", ".join(step.uses) or some_of(step.fields)
    kind = f"{step.kind} of {named}" if named else step.kind
    yield f"  {kind} by {format_instant(step.complete_by)} under {cited}"
    if step.kept_by is not None:
        until = "its clock has started" if step.kept_until is None else _at(step.kept_until)
        yield f"    kept back by {step.kept_by} until {until}"
    for told in step.told:
        when = "once that has ended" if told.due_at is None else f"at {format_instant(told.due_at)}"
        paused = f"; paused for {told.paused_by}" if told.paused_by else ""
        yield f"    store {told.store} is told {when}{paused}"


def _considered(one: Considered) -> str:
    until = "" if one.ends_at is None else f", {format_instant(one.ends_at)}"
    lost = f" ({', '.join(one.suppressed_by)})" if one.suppressed_by else ""
    if one.suppressed_by and one.result in _DONE:
        lost = f", but is held back by {', '.join(one.suppressed_by)}"
    axes = f" ({', '.join(one.missed)})" if one.missed else ""
    cited = f" [{one.citation}]" if one.citation else ""
    return f"{one.name} {one.bound}{until}: {one.result}{axes}{lost}{cited}"


def _happened(said: Explanation) -> Iterator[str]:
    yield "What happened"
    if not said.timeline:
        yield "  nothing that is kept"
    shown: tuple[str, ...] = ()
    for one in said.timeline:
        yield f"  {format_instant(one.at)}  {_entry(one)}"
        if one.reasons and one.reasons != shown:
            shown = one.reasons
            yield from (f"      {reason}" for reason in shown)
    if said.later:
        yield f"  and {_count(said.later, 'thing', 'things')} later"


def _entry(one: Entry) -> str:
    cited = f" under {one.cause} version {one.version} ({one.citation})" if one.cause else ""
    note = f"; {one.note}" if one.note else ""
    if one.what == "collected":
        return "collected"
    if one.what == "resolved":
        return f"finding {one.says} resolved {one.note}"
    if one.what == "found":
        return f"finding {one.says}{note}"
    if one.what == "answered":
        left = "" if one.remaining is None else f", {one.remaining} remaining"
        return f"{one.store} answered {one.says}{left} {one.note}{cited}"
    if one.what == "decided":
        return f"decided {one.says}{cited}"
    again = " again" if one.what == "sent again" else ""
    return f"commanded{again} {one.says} to {one.store}{cited}{note}"


def _documents(said: Explanation) -> Iterator[str]:
    yield "In force then"
    if not said.documents:
        yield "  no document"
    for one in said.documents:
        digest = one.digest[:SHOWN_DIGITS]
        when = f"published {_at(one.published_at)} by {one.author}"
        yield f"  {one.kind}/{one.document_id} version {one.version} ({digest}), {when}"
    for scope in said.waiting:
        text = scope.removeprefix(DOCUMENT_SCOPE).removeprefix(SIMULATION_SCOPE)
        what = "a simulation of it" if scope.startswith(SIMULATION_SCOPE) else "it"
        yield f"  not in force, for nobody else has approved {what}: {text}"


def _at(at: Instant) -> str:
    return format_instant(at)


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def _listed(words: Sequence[str], nothing: str = "no source") -> str:
    return ", ".join(words) or nothing
