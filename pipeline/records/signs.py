"""Signs that data exists: of many the first of each stretch of time is kept."""

from pipeline.instants import HOUR
from pipeline.records.record import Birth, Record

MAX_SIGNS = 64
"""Births, and other signs of data, that are kept of a record."""


def spaced(
    record: Record, births: tuple[Birth, ...], touches: tuple[Birth, ...]
) -> tuple[tuple[Birth, ...], tuple[Birth, ...], int]:
    """Keep few enough signs, and return how far apart they are (milliseconds; 0: all are kept).

    Of each stretch of time the first sign is kept, and the newest of all. Stretches double in
    length, so that they nest: what is kept does not depend on the order in which signs came.
    """
    spacing = record.spacing
    if not spacing and max(len(births), len(touches)) <= MAX_SIGNS:
        return births, touches, 0
    standing = {item.generation for item in record.issued}
    while True:
        found = [_firsts(signs, spacing) for signs in (births, touches)]
        if max(map(len, found)) <= MAX_SIGNS:
            break
        spacing = max(HOUR, 2 * spacing)
    kept = [
        tuple(sorted({*firsts, *signs[-1:], *(s for s in signs if s.event_id in standing)}))
        for firsts, signs in zip(found, (births, touches), strict=True)
    ]
    return kept[0], kept[1], spacing


def _firsts(signs: tuple[Birth, ...], spacing: int) -> list[Birth]:
    if not spacing:
        return list(signs)
    firsts: dict[int, Birth] = {}
    for sign in signs:
        firsts.setdefault(sign.at // spacing, sign)
    return list(firsts.values())
