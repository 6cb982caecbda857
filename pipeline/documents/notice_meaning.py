"""Second pass for notices: what they mean, what they order and when, and what happened to them.

Refused is what cannot be so: times that the law does not let an authority set (DPA 2018 s.150), and
a life that no notice can have.
"""

import itertools
from typing import get_args

from pipeline.documents.authorities import AUTHORITIES, Appeal, appeal_of
from pipeline.documents.course import impossible
from pipeline.documents.form import MatchShape
from pipeline.documents.life import changes, last, standing
from pipeline.documents.policy_words import MODES, read_citation
from pipeline.documents.problems import Notes
from pipeline.documents.reading import Path
from pipeline.documents.shape import AppealShape, HappeningShape, NoticeShape, StepShape
from pipeline.documents.times import earliest, window_end
from pipeline.documents.values import (
    Beginning,
    Extent,
    Given,
    Happened,
    HappenedTo,
    Notice,
    NoticeKind,
    Order,
    StepAction,
    Unknown,
    Window,
    WrittenState,
)
from pipeline.documents.words import known_word, read_match, read_purpose
from pipeline.errors import InvalidInput
from pipeline.identifiers import DocumentId, StoreName, is_store_name
from pipeline.instants import MIN_INSTANT, Instant, format_instant, parse_instant
from pipeline.periods import Calendar, Reckoning, Roll, parse_period

_KINDS: tuple[NoticeKind, ...] = get_args(NoticeKind)
_STATES: tuple[WrittenState, ...] = get_args(WrittenState)
_ACTIONS: tuple[StepAction, ...] = get_args(StepAction)
_UNKNOWN: tuple[Unknown, ...] = get_args(Unknown)
_BEGINNINGS: tuple[Beginning, ...] = get_args(Beginning)
_HAPPENED: tuple[Happened, ...] = get_args(Happened)
_EXTENTS: tuple[Extent, ...] = get_args(Extent)
_YES_NO = ("yes", "no")


def read_notice(shape: NoticeShape, notes: Notes) -> Notice | None:
    """Read a notice; None when a part could not be read, each noted."""
    kind = known_word(shape.kind, _KINDS, ("kind",), notes)
    mode = known_word(shape.mode, MODES, ("mode",), notes)
    state = known_word(shape.state, _STATES, ("state",), notes)
    unknown = known_word(shape.unknown, _UNKNOWN, ("unknown",), notes)
    urgent = known_word(shape.urgent, _YES_NO, ("urgent",), notes)
    reach = known_word(shape.reach or _usual_reach(shape.authority), _EXTENTS, ("reach",), notes)
    match = read_match(shape.match, ("match",), notes)
    if shape.match == MatchShape():
        remedy = (
            "name residency, purpose, category, lawful_basis or source: a notice orders what is "
            "appropriate to remedy a failure (DPA 2018 s.149(6)), not everything"
        )
        notes.add(("match",), what="`match` of a notice names nothing", remedy=remedy)
    before = _instant(shape.collected_before, ("collected_before",), notes)
    served = _instant(shape.served, ("served",), notes)
    appeal = _appeal(shape, notes)
    orders = [_order(step, ("steps", at), notes) for at, step in enumerate(shape.steps)]
    notes.add_repeated_ids([step.id for step in shape.steps], "steps")
    life = [_happening(one, ("life", at), notes) for at, one in enumerate(shape.life)]
    citation = read_citation(shape.citation, (), notes)
    _note_what_is_missing(shape, notes)
    if None in (kind, mode, state, unknown, urgent, reach) or None in orders or None in life:
        return None
    notice = Notice(
        document_id=DocumentId(shape.notice),
        version=int(shape.version),
        authority=shape.authority,
        citation=citation,
        match=match,
        kind=kind or "enforcement",
        mode=mode or "enforce",
        state=state or "in_force",
        orders=tuple(order for order in orders if order is not None),
        served=served,
        urgent=urgent == "yes",
        appeal=appeal,
        life=tuple(one for one in life if one is not None),
        collected_before=before,
        unknown=unknown or "restrict",
        reach=reach or "SOURCE",
    )
    if not notes.problems:
        _note_impossible_life(notice, notes)
        _note_impossible_times(notice, notes)
    return notice


def _usual_reach(authority: str) -> str:
    known = AUTHORITIES.get(authority)
    return "SOURCE+TEMPLATES" if known is None else known.reach


def _instant(text: str, path: Path, notes: Notes) -> Instant | None:
    return notes.attempt(path, parse_instant, text) if text else None


def _appeal(shape: NoticeShape, notes: Notes) -> Appeal | None:
    given = shape.appeal
    if not given.window:
        return appeal_of(shape.authority)
    suspends = known_word(given.suspends, _YES_NO, ("appeal", "suspends"), notes)
    window = notes.attempt(("appeal", "window"), parse_period, given.window)
    reckoning = notes.attempt(("appeal",), lambda _: _reckoning(given), given.zone)
    if window is None or suspends is None or reckoning is None:
        return None
    return Appeal(window, reckoning, suspends == "yes")


def _reckoning(given: AppealShape) -> Reckoning:
    calendar = Calendar(given.calendar)
    return Reckoning(zone=given.zone, roll=Roll.NEXT_WORKING_DAY, calendar=calendar)


def _order(shape: StepShape, path: Path, notes: Notes) -> Order | None:
    action = known_word(shape.action, _ACTIONS, (*path, "action"), notes)
    keeps = known_word(shape.while_suspended, ("lift", "keep"), (*path, "while_suspended"), notes)
    times = _times(shape, path, notes)
    tell = _told(shape, path, notes)
    if keeps == "keep" and action in {"delete", "stop_collection", "attest"}:
        what = f"`while_suspended: keep`: `{action}` orders nothing while the notice is suspended"
        remedy = "leave it out; a step that restricts may keep what it restricted"
        notes.add((*path, "while_suspended"), what=what, remedy=remedy)
    if action is None or keeps is None or times is None:
        return None
    return Order(
        step_id=shape.id,
        action=action,
        times=times,
        keeps=keeps == "keep",
        tell=tell,
        uses=_uses(shape, path, notes),
    )


def _uses(shape: StepShape, path: Path, notes: Notes) -> tuple[str, ...]:
    if shape.uses and shape.action != "restrict":
        what = f"`uses`: `{shape.action[:60]}` is not of single uses"
        notes.add((*path, "uses"), what=what, remedy="leave it out; `restrict` may name uses")
    return tuple([read_purpose(word, (*path, "uses"), notes) for word in shape.uses])


def _told(shape: StepShape, path: Path, notes: Notes) -> tuple[StoreName, ...]:
    """Read who is told of a step itself, and refuse it where stores are told of each record."""
    if shape.tell and shape.action not in {"stop_collection", "attest"}:
        what = f"`tell`: what `{shape.action[:60]}` orders is told to the stores of each record"
        notes.add((*path, "tell"), what=what, remedy="leave it out")
    if shape.action == "attest" and not shape.tell:
        what, remedy = "`attest` asks nobody", "add `tell: [STORE]`, who is to confirm in writing"
        notes.add((*path, "tell"), what=what, remedy=remedy)
    for name in shape.tell:
        if not is_store_name(name):
            what = "a name in `tell` is not that of a store"
            remedy = "write letters, digits, `.`, `_` and `-` only"
            notes.add((*path, "tell"), what=what, remedy=remedy)
    return tuple(StoreName(name) for name in dict.fromkeys(shape.tell))


def _times(shape: StepShape, path: Path, notes: Notes) -> Window | Given | None:
    instants, given = (shape.not_before, shape.complete_by), (shape.after, shape.within)
    if any(given) == any(instants) or not (all(given) or all(instants)):
        what = "a step has two instants, or a time that it gives"
        remedy = (
            "write `not_before` and `complete_by`, or `after: appeal_period` (or `service`) and "
            "`within: P3M`; each step has times of its own (DPA 2018 s.150(4))"
        )
        notes.add(path, what=what, remedy=remedy)
        return None
    if all(given):
        after = known_word(shape.after, _BEGINNINGS, (*path, "after"), notes)
        within = notes.attempt((*path, "within"), parse_period, shape.within)
        return None if after is None or within is None else Given(after, within)
    not_before = notes.attempt((*path, "not_before"), parse_instant, shape.not_before)
    complete_by = notes.attempt((*path, "complete_by"), parse_instant, shape.complete_by)
    if not_before is None or complete_by is None:
        return None
    if complete_by <= not_before:
        what = "`complete_by` is not after `not_before`, so that there is no time to obey"
        remedy = "correct one of the two; each step has a window of its own (DPA 2018 s.150(4))"
        notes.add((*path, "complete_by"), what=what, remedy=remedy)
    return Window(not_before, complete_by)


def _happening(shape: HappeningShape, path: Path, notes: Notes) -> HappenedTo | None:
    what = known_word(shape.happened, _HAPPENED, (*path, "happened"), notes)
    at = notes.attempt((*path, "at"), parse_instant, shape.at)
    return None if what is None or at is None else HappenedTo(what, at, shape.note)


def _note_what_is_missing(shape: NoticeShape, notes: Notes) -> None:
    orders = shape.kind == "enforcement"
    if orders and not shape.steps:
        remedy = "add `steps:` with at least one of {id, action, not_before, complete_by}"
        notes.add(("steps",), what="`steps` is missing", remedy=remedy)
    if not orders and shape.steps:
        what = f"`steps`: an {shape.kind} notice orders nothing of the data; it keeps it"
        remedy = "leave `steps` out: what the notice means is held (DPA 2018 s.148)"
        notes.add(("steps",), what=what, remedy=remedy)
    _note_what_only_orders_have(shape, notes)
    asks = {
        "urgent": shape.urgent == "yes",
        "life": bool(shape.life),
        "steps": shape.state == "in_force" and any(step.after for step in shape.steps),
    }
    key = next((key for key, needed in asks.items() if needed), None)
    if key is not None and not shape.served:
        remedy = "add `served:` with the instant at which it was given, e.g. 2022-05-18T12:00:00Z"
        notes.add((key,), what=f"`{key}` counts from service, which is not said", remedy=remedy)
    appeals = any(one.happened in {"appealed", "urgency_lifted"} for one in shape.life)
    counts = any(step.after == "appeal_period" for step in shape.steps)
    if (appeals or counts) and not shape.appeal.window and shape.authority not in AUTHORITIES:
        what = f"how a notice of `{shape.authority[:60]}` may be appealed is not known"
        remedy = (
            "add `appeal: {window: P28D, suspends: yes, zone: Europe/London}`, or name one of "
            f"{', '.join(AUTHORITIES)}"
        )
        notes.add(("authority",), what=what, remedy=remedy)


def _note_what_only_orders_have(shape: NoticeShape, notes: Notes) -> None:
    """Refuse, of a notice that keeps, what would be ignored."""
    if shape.kind == "enforcement":
        return
    if shape.mode == "observe":
        what = "`mode: observe`: a duty to keep cannot be observed only"
        notes.add(("mode",), what=what, remedy="leave `mode` out")
    for key in ("collected_before", "unknown", "reach"):
        if key in shape.model_fields_set:
            what = f"`{key}`: an {shape.kind} notice keeps all that `match` may mean"
            notes.add((key,), what=what, remedy="leave it out, or narrow `match`")


def _note_impossible_life(notice: Notice, notes: Notes) -> None:
    times = [one.at for one in notice.life]
    for number, (one, other) in enumerate(itertools.pairwise(times), start=1):
        if other < one:
            what = f"`life`: entry {number + 1} happened before entry {number}"
            notes.add(("life", number), what=what, remedy="write them in order of time")
            return
    for number, why in impossible(notice):
        what = f"`{notice.life[number].what}`: {why}"
        notes.add(("life", number), what=what, remedy="correct or leave out this entry")


def _note_impossible_times(notice: Notice, notes: Notes) -> None:
    """Refuse times that the law does not let the authority set."""
    try:
        window_end(notice)  # it is shown whether or not something depends on it
        found = last(notice)
        floor, urgent = earliest(notice, found), notice.urgent
        first, *_ = [standing(notice, at) for at in (MIN_INSTANT, *changes(notice))]
    except InvalidInput as error:
        remedy = "correct the instant, or name a calendar that knows these years, or NONE"
        notes.add(("served",), what=f"its times cannot be worked out: {error}", remedy=remedy)
        return
    begun = found.restarted
    for at, order in enumerate(notice.orders):
        path = ("steps", at)
        times = order.times
        if isinstance(times, Given):
            if first.steps[at].complete_by <= first.steps[at].not_before:
                what = "`within` leaves no time to obey after anything may first be required"
                remedy = f"give more: even an urgent notice leaves 24 hours ({_CITED})"
                notes.add((*path, "within"), what=what, remedy=remedy)
            if times.after == "appeal_period" and urgent:
                what = "`after: appeal_period`: an urgent notice does not wait for it"
                remedy = f"write `after: service` ({_CITED})"
                notes.add((*path, "after"), what=what, remedy=remedy)
            if times.after == "service" and floor is not None and not urgent:
                what = "`after: service`: nothing may be required before the time to appeal ends"
                remedy = f"write `after: appeal_period`, or `urgent: yes` if it says so ({_CITED})"
                notes.add((*path, "after"), what=what, remedy=remedy)
        elif begun is not None and times.not_before < begun:
            what = f"`not_before` lies before the decision of {format_instant(begun)}"
            remedy = (
                "write `after` and `within`, or the instants that follow from the decision: "
                "after an appeal time begins anew"
            )
            notes.add((*path, "not_before"), what=what, remedy=remedy)
        elif floor is not None and times.not_before < floor:
            what = f"`not_before` lies before {format_instant(floor)}, when it may be required"
            remedy = f"correct it, or `served`, or `urgent` ({_CITED})"
            notes.add((*path, "not_before"), what=what, remedy=remedy)


_CITED = "DPA 2018 s.150(6), (8)"
