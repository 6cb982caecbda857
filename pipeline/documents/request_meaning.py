"""Second pass for requests: whose data, by which law, by when, and what of it is refused."""

from typing import NamedTuple, get_args

from pipeline.documents.form import MatchShape
from pipeline.documents.match import Match
from pipeline.documents.policy import Citation
from pipeline.documents.policy_words import read_citation
from pipeline.documents.problems import Notes
from pipeline.documents.reading import Path
from pipeline.documents.requests import (
    LAWS,
    Refusal,
    RefusalCode,
    Request,
    RequestKind,
    RequestLaw,
    RequestState,
)
from pipeline.documents.shape import RefusalShape, RequestShape
from pipeline.documents.words import known_word, read_match
from pipeline.errors import InvalidInput
from pipeline.identifiers import DocumentId, RecordId, SubjectId
from pipeline.instants import Instant, format_instant, parse_instant
from pipeline.periods import Calendar, Period, Reckoning, Roll, parse_period, reckon

_KINDS: tuple[RequestKind, ...] = get_args(RequestKind)
_STATES: tuple[RequestState, ...] = get_args(RequestState)
_CODES: tuple[RefusalCode, ...] = get_args(RefusalCode)
_ROLLS: tuple[Roll, ...] = tuple(Roll)
_NONE = "none"


class _Clock(NamedTuple):
    """How long a law gives, and how that is counted."""

    within: Period
    extended: Period | None
    reckoning: Reckoning
    waits: bool


def read_request(shape: RequestShape, notes: Notes) -> Request | None:
    """Read a request; None when a part could not be read, each noted."""
    kind = known_word(shape.kind, _KINDS, ("kind",), notes)
    state = known_word(shape.state, _STATES, ("state",), notes)
    law = known_word(shape.law, LAWS, ("law",), notes) if shape.law else None
    profile = LAWS[law] if law is not None else None
    clock = _clock(shape, profile, notes)
    received = notes.attempt(("received",), parse_instant, shape.received)
    refusals = [_refusal(one, ("refused", at), notes) for at, one in enumerate(shape.refused)]
    match = _match(shape, notes)
    citation = _citation(shape, profile, notes)
    _note_whose(shape, notes)
    _note_refused(shape, notes)
    before = _collected_before(shape, received, notes)
    if clock is None or received is None:
        return None
    deadline = _deadline(shape, clock, received, notes)
    answered = _after(shape.answered, ("answered",), received, notes)
    if kind is None or state is None or None in refusals or deadline is None or citation is None:
        return None
    return Request(
        document_id=DocumentId(shape.request),
        version=int(shape.version),
        kind=kind,
        state=state,
        citation=citation,
        received=received,
        deadline=deadline,
        extended=bool(shape.extended.at),
        answered=answered,
        subjects=tuple(SubjectId(name) for name in sorted(set(shape.subjects))),
        records=tuple(RecordId(name) for name in sorted(set(shape.records))),
        match=match,
        collected_before=before,
        refusals=tuple(one for one in refusals if one is not None),
    )


def _clock(shape: RequestShape, law: RequestLaw | None, notes: Notes) -> _Clock | None:
    given = shape.clock
    if law is None and not given.within:
        what = "how long there is to answer is not said"
        remedy = (
            f"add `law:` with one of {', '.join(LAWS)}, or `clock: {{within: P1M, extended: P3M}}`"
        )
        notes.add(("law",), what=what, remedy=remedy)
        return None
    within = law.within if law is not None else None
    extended = law.extended if law is not None else None
    roll: Roll | None = law.roll if law is not None else Roll.NONE
    if given.within:
        within = notes.attempt(("clock", "within"), parse_period, given.within)
        extended = None
        if given.extended:
            extended = notes.attempt(("clock", "extended"), parse_period, given.extended)
        roll = known_word(given.roll, _ROLLS, ("clock", "roll"), notes)
    reckoning = None if roll is None else _reckoning(shape, law, roll, notes)
    if within is None or reckoning is None:
        return None
    return _Clock(within, extended, reckoning, law is None or law.waits)


def _reckoning(
    shape: RequestShape, law: RequestLaw | None, roll: Roll, notes: Notes
) -> Reckoning | None:
    zone = shape.zone or (law.zone if law is not None else "")
    calendar = shape.calendar or (law.calendar if law is not None else "NONE")
    for key, value, example in (("zone", zone, "Europe/Paris"), ("calendar", calendar, "FR")):
        if not value:
            what = f"`{key}` is missing: {'days' if key == 'zone' else 'holidays'} differ"
            notes.add((key,), what=what, remedy=f"add `{key}: {example}`, where action is taken")
    if not zone or not calendar:
        return None
    key = "calendar" if shape.calendar else "zone"
    return notes.attempt(
        (key,), lambda _: Reckoning(zone=zone, roll=roll, calendar=Calendar(calendar)), zone
    )


def _citation(shape: RequestShape, law: RequestLaw | None, notes: Notes) -> Citation | None:
    if "citation" in shape.model_fields_set:
        return read_citation(shape.citation, (), notes)
    article = "" if law is None else law.articles.get(shape.kind, "")
    if shape.kind not in _KINDS:
        return None
    if law is None or not article:
        what = "nothing says which right the request rests on"
        if law is not None:
            what = f"`{law.code}` is not known to give a right of the kind `{shape.kind[:60]}`"
        notes.add(("citation",), what=what, remedy="add `citation: {law: …, article: …}`")
        return None
    return Citation(law.name, article, law.url, law.jurisdiction)


def _match(shape: RequestShape, notes: Notes) -> Match | None:
    if "match" not in shape.model_fields_set:
        return None
    if shape.match == MatchShape():
        remedy = "name an axis such as purpose or category, or leave `match` out"
        notes.add(("match",), what="`match` of a request names nothing", remedy=remedy)
    for key in ("residency", "present"):
        if key in shape.match.model_fields_set:
            what = f"`{key}`: a request is about a person, wherever that person is"
            notes.add(("match", key), what=what, remedy="leave it out")
    return read_match(shape.match, ("match",), notes)


def _refusal(shape: RefusalShape, path: Path, notes: Notes) -> Refusal | None:
    code = known_word(shape.code, _CODES, (*path, "code"), notes)
    if code == "Other" and not shape.note:
        notes.add(
            (*path, "note"), what="`code: Other` says nothing", remedy="add `note:` with the reason"
        )
    match = None
    if "match" in shape.model_fields_set:
        match = read_match(shape.match, (*path, "match"), notes)
        if shape.match == MatchShape():
            remedy = "name an axis such as purpose, or leave `match` out to refuse all"
            notes.add((*path, "match"), what="`match` of a refusal names nothing", remedy=remedy)
    if code is None:
        return None
    records = tuple(RecordId(name) for name in sorted(set(shape.records)))
    return Refusal(code, records, match, shape.note)


def _note_whose(shape: RequestShape, notes: Notes) -> None:
    if not (shape.subjects or shape.records):
        what = "the request names nobody and nothing"
        remedy = "name at least one of `subjects` and `records`, by their opaque ids"
        notes.add((), what=what, remedy=remedy)


def _note_refused(shape: RequestShape, notes: Notes) -> None:
    whole = [not one.records and one.match == MatchShape() for one in shape.refused]
    if shape.state == "refused" and not any(whole):
        what = "the request is refused, and nothing says why"
        remedy = "add `refused: [{code: LegalClaims}]`: the person must be told (GDPR art 12(4))"
        notes.add(("refused",), what=what, remedy=remedy)
    if shape.state != "refused" and any(whole):
        what = "a refusal names neither records nor a match: it refuses the whole request"
        remedy = "write `state: refused`, or say what of it is refused"
        notes.add(("refused", whole.index(True)), what=what, remedy=remedy)


def _collected_before(
    shape: RequestShape, received: Instant | None, notes: Notes
) -> Instant | None:
    if shape.collected_before == _NONE:
        return None
    if shape.collected_before:
        return notes.attempt(("collected_before",), parse_instant, shape.collected_before)
    # An answer is about what is held when the request comes (EDPB Guidelines 01/2022, 2.3.3).
    return received if shape.kind in {"erasure", "consent_withdrawal", "access"} else None


def _deadline(
    shape: RequestShape, clock: _Clock, received: Instant, notes: Notes
) -> Instant | None:
    start = received
    if shape.identified:
        identified = _after(shape.identified, ("identified",), received, notes)
        if not clock.waits:
            what = "`identified`: by this law the time runs from receipt, however long that takes"
            notes.add(("identified",), what=what, remedy="leave it out (11 CCR 7021(b))")
        start = identified or received
    try:
        first = reckon(start, clock.within, clock.reckoning)
        if not shape.extended.at:
            return first
        return _extended(shape, clock, start, first, notes)
    except InvalidInput as error:
        what = f"the deadline cannot be worked out: {error}"
        remedy = "correct the instant, or name a calendar that knows these years, or NONE"
        notes.add(("received",), what=what, remedy=remedy)
        return None


def _extended(
    shape: RequestShape, clock: _Clock, start: Instant, first: Instant, notes: Notes
) -> Instant | None:
    at = _after(shape.extended.at, ("extended", "at"), start, notes)
    if at is not None and at >= first:
        what = f"the time was extended after it had ended at {format_instant(first)}"
        remedy = "the person must be told of an extension within the time (GDPR art 12(3))"
        notes.add(("extended", "at"), what=what, remedy=remedy)
    if clock.extended is None:
        what = "nothing says how long the extended time is"
        notes.add(("extended",), what=what, remedy="add `extended: P3M` to `clock`")
        return None
    # Counted once, from the same start: a month and two more are not three (legal dates V10).
    return reckon(start, clock.extended, clock.reckoning)


def _after(text: str, path: Path, received: Instant, notes: Notes) -> Instant | None:
    if not text:
        return None
    at = notes.attempt(path, parse_instant, text)
    if at is not None and at < received:
        key = path[-1]
        notes.add(path, what=f"`{key}` lies before `received`", remedy="correct one of the two")
    return at
