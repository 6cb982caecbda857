"""A policy's own method of judging residency: what of the default weights it changes."""

from typing import get_args

import msgspec

from pipeline.documents.policy_form import MethodShape, SignalShape
from pipeline.documents.problems import Notes
from pipeline.documents.reading import Path
from pipeline.documents.words import known_word
from pipeline.periods import parse_period
from pipeline.vocabulary.signals import (
    DEFAULT_METHOD,
    DEFAULT_SIGNALS,
    WHOLE,
    Group,
    Method,
    Signal,
)

_PATH: Path = ("residency",)
_UNTIL_NEWER = "newer"


def read_method(shape: MethodShape, notes: Notes) -> Method:
    """Read a method; what cannot be read is noted and left at its default."""
    if shape.method == DEFAULT_METHOD.name:
        what = f"`method`: `{shape.method}` is the name of the default method"
        notes.add((*_PATH, "method"), what=what, remedy="give yours another, e.g. acme/1")
    signals = dict(DEFAULT_SIGNALS)
    for name, changed in sorted(shape.signals.items()):
        path = (*_PATH, "signals", name)
        known = known_word(name, DEFAULT_SIGNALS, path, notes)
        if known is not None:
            signals[known] = _signal(signals[known], changed, path, notes)
    method = Method(
        name=shape.method,
        resident_from=_weight(shape.resident_from, DEFAULT_METHOD.resident_from),
        likely_from=_weight(shape.likely_from, DEFAULT_METHOD.likely_from),
        agreeing_from=_weight(shape.agreeing_from, DEFAULT_METHOD.agreeing_from),
        signals=tuple(sorted(signals.items())),
    )
    if not 0 < method.likely_from <= method.resident_from:
        what = "`likely_from` must lie above 0 and not above `resident_from`"
        notes.add((*_PATH, "likely_from"), what=what, remedy="correct one of the two")
    if method.agreeing_from == 0:
        what = "`agreeing_from` is 0: any two groups would make a resident"
        notes.add((*_PATH, "agreeing_from"), what=what, remedy="write e.g. 0.5")
    return method


def _signal(known: Signal, changed: SignalShape, path: Path, notes: Notes) -> Signal:
    group = known.group
    if changed.group:
        group = known_word(changed.group, get_args(Group), (*path, "group"), notes) or group
    lasts = known.lasts_days
    if changed.lasts == _UNTIL_NEWER:
        lasts = None
    elif changed.lasts:
        lasts = _days(changed.lasts, (*path, "lasts"), notes) or lasts
    return msgspec.structs.replace(
        known,
        group=group,
        resident=_weight(changed.resident, known.resident),
        present=_weight(changed.present, known.present),
        repeated=_weight(changed.repeated, known.repeated),
        lasts_days=lasts,
    )


def _weight(text: str, default: int) -> int:
    return round(float(text) * WHOLE) if text else default


def _days(text: str, path: Path, notes: Notes) -> int | None:
    period = notes.attempt(path, parse_period, text)
    if period is None:
        return None
    if period.is_clock or period.total_months:
        what = "`lasts` is not a number of days or weeks"
        notes.add(path, what=what, remedy=f"write e.g. P90D, or `{_UNTIL_NEWER}`")
        return None
    return period.total_days
