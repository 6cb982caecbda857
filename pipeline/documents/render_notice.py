"""A notice in plain words: what it orders, of which records, by when, and what happened to it."""

from pipeline.documents.course import NoticeState
from pipeline.documents.life import NoticeStep, Standing, last, standing, states
from pipeline.documents.render_match import records
from pipeline.documents.times import window_end
from pipeline.documents.values import Given, HappenedTo, Notice, Order
from pipeline.instants import MAX_INSTANT, format_instant
from pipeline.vocabulary import UNKNOWN

_STEP = {"restrict": "are to be restricted (kept, but not used)", "delete": "are to be deleted"}
_REACH = {
    "SOURCE": "it reaches nothing that was derived",
    "SOURCE+TEMPLATES": "it reaches what was derived, but no models",
    "SOURCE+TEMPLATES+MODELS": (
        "it reaches what was derived in whole or in part, and models that a person has reviewed"
    ),
}
_BEGINS = {
    "service": "service",
    "appeal_period": "the end of the appeal period",
    "decision": "the decision",
}
_HAPPENED = {
    "appealed": "it was appealed",
    "appeal_withdrawn": "the appeal was withdrawn",
    "cancelled": "it was cancelled",
    "complied": "its authority was satisfied",
    "dismissed": "the appeal was dismissed",
    "quashed": "it was quashed",
    "remitted": "a higher tribunal remitted it",
    "stay_ended": "the stay ended",
    "stayed": "it was stayed",
    "substituted": "another notice took its place",
    "urgency_lifted": "a court lifted its urgency",
}


def notice_in_words(notice: Notice) -> tuple[str, ...]:
    """Return the sentences that say what a notice does, with all that is known of its life."""
    found = standing(notice, MAX_INSTANT)
    head = (
        f"Notice {notice.document_id}, version {notice.version}, of {notice.authority} "
        f"({notice.citation.text})"
    )
    if notice.state == "withdrawn":
        return (f"{head}: withdrawn; it orders nothing.",)
    if notice.state == "preliminary":
        return (f"{head}: preliminary; it orders nothing until it is served.",)
    life = (*_service(notice), *map(_happened, notice.life, states(notice)))
    if notice.kind != "enforcement":
        words = records(notice.match)
        kept = f"{words[0].lower()}{words[1:]} are not deleted"
        ends = f"until it ends, {kept}" if found.holds else "it keeps nothing any more"
        return (f"{head}: an {notice.kind} notice; {ends}.", *life)
    whom = records(notice.match)
    if notice.collected_before is not None:
        whom += f", collected before {format_instant(notice.collected_before)},"
    steps = tuple(
        _step(whom, order, step)
        for order, step in zip(notice.orders, found.steps, strict=True)
        if step.stands or found.state is NoticeState.SUSPENDED
    )
    if notice.match.residency or notice.match.present:
        steps += _unsure(found)
    state = _state(found)
    if found.ordered:
        state += f"; {_REACH[notice.reach]}"
    if notice.mode == "observe":
        state += "; only observed, nothing that it orders is commanded"
    return (f"{head}: {state}.", *life, *steps)


def _state(found: Standing) -> str:
    state = found.state.lower().replace("_", " ")
    if not found.ordered:
        return f"{state}; it orders nothing"
    if found.state is NoticeState.IN_FORCE and found.notice.served is not None:
        begins = min(step.not_before for step in found.ordered)
        return f"{state} from {format_instant(begins)} on"
    return state


def _service(notice: Notice) -> tuple[str, ...]:
    if notice.served is None:
        return ()
    sentence = f"Served at {format_instant(notice.served)}"
    if notice.urgent:
        sentence += ", to be obeyed urgently"
    end = window_end(notice)
    if notice.appeal is not None and end is not None:
        urgent = last(notice).urgent
        does = "suspends" if notice.appeal.suspends and not urgent else "does not suspend"
        sentence += (
            f"; the {notice.appeal.window.in_words()} to appeal end before {format_instant(end)}, "
            f"and an appeal {does} it"
        )
    return (f"{sentence}.",)


def _happened(one: HappenedTo, found: NoticeState) -> str:
    state = found.lower().replace("_", " ")
    note = f" ({one.note})" if one.note else ""
    return f"At {format_instant(one.at)} {_HAPPENED[one.what]}{note}: {state}."


def _step(whom: str, order: Order, step: NoticeStep) -> str:
    window = f"between {format_instant(step.not_before)} and {format_instant(step.complete_by)}"
    given = ""
    if isinstance(order.times, Given):
        given = f", {order.times.within.in_words()} from {_BEGINS[step.counted]}"
    if order.action == "stop_collection":
        words = f"{whom} are not to be collected from {format_instant(step.complete_by)} on"
        still = "" if step.stands else "; for now nothing forbids it"
        told = f"; {_who(order)} told so" if order.tell else ""
        return f"{words}{given}{still}{told} (step {order.step_id})."
    if order.action == "attest":
        stands = "" if step.stands else "; for now it need not"
        return (
            f"{_who(order)} to confirm in writing {window}{given}{stands} (step {order.step_id})."
        )
    if not step.stands:
        return f"Were it in force, {whom[0].lower()}{whom[1:]} would have to be {_would(order)}."
    if order.uses:
        uses = ", ".join(order.uses)
        return f"{whom} are not to be used for {uses} {window}{given} (step {order.step_id})."
    return f"{whom} {_STEP[order.action]} {window}{given} (step {order.step_id})."


def _who(order: Order) -> str:
    return f"{' and '.join(order.tell)} {'is' if len(order.tell) == 1 else 'are'}"


def _would(order: Order) -> str:
    action = "restricted" if order.action == "restrict" else "deleted"
    within = ""
    if isinstance(order.times, Given):
        within = f" within {order.times.within.in_words()} of the decision"
    return f"{action}{within} (step {order.step_id})"


def _unsure(found: Standing) -> tuple[str, ...]:
    """Say what becomes of people of whom it is only likely, or possible, that they are meant."""
    notice, actions = found.notice, {step.action for step in found.ordered} - {"attest"}
    if not actions:
        return ()
    if actions == {"stop_collection"}:
        sentence = "Where that is only likely, they count as meant"
        rest = "they do too" if notice.unknown == "restrict" else "they are left as they are"
    else:
        sentence = "Where that is only likely, they are restricted at once"
        if "delete" in actions:
            sentence += " and deleted by the deadline"
        rest = "restricted until it is" if notice.unknown == "restrict" else "left as they are"
        rest = f"they are {rest}"
    if UNKNOWN not in notice.match.residency:
        sentence += f"; where it is not concluded but possible, {rest}"
    return (f"{sentence}.",)
