"""Events that say that they happen later than it can be: a clock far ahead, or a mistake.

Believing one would keep data for as long as it is wrong. So it is taken to happen when it is read,
at the broker's time; but a deletion that lies ahead is not believed at all: it would hide what
comes.
"""

import msgspec

from pipeline.events import Event, Evidence, Subject
from pipeline.instants import DAY, Instant
from pipeline.records import Birth, Record
from pipeline.vocabulary import Happening

_DELETED = Happening.DELETED.value


def is_ahead(event: Event, now: Instant) -> bool:
    """Whether an instant that counts lies more than a day after the broker's time."""
    latest = now + DAY
    if event.happened_at > latest:
        return True
    if event.what == _DELETED:
        return False
    if event.collected_at is not None and event.collected_at > latest:
        return True
    if event.happened_at <= now:  # evidence lies at most a day after the event that reports it
        return False
    return any(sign.observed_at > latest for who in event.subjects for sign in who.evidence)


def is_believed(event: Event) -> bool:
    """Whether an event that lies ahead is taken to happen now."""
    return event.what != _DELETED


def brought_back(event: Event, known: Record | None, now: Instant) -> Event:
    """Return an event that lies ahead as it happens now, or when it was read first.

    Args:
        event: what lies ahead.
        known: the record; a sign of the event in it says when it was read first, so that reading it
            again adds nothing.
        now: the broker's time.
    """
    sign = _sign(event, known)
    at = now if sign is None else sign.at
    happened = min(event.happened_at, at)
    collected = event.collected_at
    if collected is not None:
        collected = min(collected, now if sign is None else sign.collected_at)
    subjects = tuple([_seen_by(happened, subject) for subject in event.subjects])
    return msgspec.structs.replace(
        event, happened_at=happened, collected_at=collected, subjects=subjects
    )


def _sign(event: Event, known: Record | None) -> Birth | None:
    if known is None:
        return None
    signs = (*known.births, *known.touches)
    return max([sign for sign in signs if sign.event_id == event.event_id], default=None)


def _seen_by(latest: Instant, subject: Subject) -> Subject:
    evidence = [
        Evidence(sign.signal, sign.territory, min(sign.observed_at, latest))
        for sign in subject.evidence
    ]
    return Subject(subject.subject_id, tuple(evidence))
