"""Local days: which day an instant falls on in a zone, and when that day starts.

UK and EU periods are counted in local days (Interpretation Act 1978 s.9), so the zone decides.
"""

from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from pipeline.errors import InvalidInput
from pipeline.instants import MIN_INSTANT, Instant, from_datetime

HOUR = 3_600_000
# They mean whatever the machine is set to, so that two machines would give two answers.
_OF_THE_MACHINE = frozenset({"localtime", "posixrules"})


@lru_cache(maxsize=1_024)
def zone_named(name: str) -> ZoneInfo:
    """Return the IANA zone.

    Raises:
        InvalidInput: no such zone.
    """
    if name in _OF_THE_MACHINE or name not in available_timezones():
        raise InvalidInput(
            f"`{name[:40]}` is not a time zone; use an IANA name such as Europe/London or UTC"
        )
    return ZoneInfo(name)


@lru_cache(maxsize=65_536)
def _start_of_ordinal(ordinal: int, zone: str) -> int:
    day = date.fromordinal(ordinal)
    # fold=0: of two midnights (clocks going back over one) the day starts at the first; of none
    # (clocks going forward over one) at the change itself. True of every zone since 1970.
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone_named(zone))
    return from_datetime(midnight)


def start_of_day(day: date, zone: str) -> Instant:
    """Return the instant at which a local day starts: 00:00, or the clock change that replaces it.

    Raises:
        InvalidInput: unknown zone, or the day lies outside 1970..9999.
    """
    return Instant(_start_of_ordinal(day.toordinal(), zone))


def local_ordinal(instant: Instant, zone: str) -> int:
    """Return the local day as its proleptic ordinal, never earlier for a later instant.

    Where clocks went back over midnight (Newfoundland at 00:01 until 2011), local dates repeat;
    once a day has started, the repeated end of the day before counts as that day.

    Raises:
        InvalidInput: unknown zone, or the instant lies outside 1970..9999.
    """
    ordinal = _ordinal_of_hour(instant // HOUR, zone)
    return _exact_ordinal(instant, zone) if ordinal is None else ordinal


@lru_cache(maxsize=65_536)
def _ordinal_of_hour(hour: int, zone: str) -> int | None:
    """Return the local day of a whole hour, or None if another begins in it."""
    try:
        first = _exact_ordinal(Instant(hour * HOUR), zone)
        last = _exact_ordinal(Instant((hour + 1) * HOUR - 1), zone)
    except InvalidInput:  # of some instants of it there is no day
        return None
    return first if first == last else None  # never earlier for a later instant


def _exact_ordinal(instant: Instant, zone: str) -> int:
    known = zone_named(zone)
    if instant < MIN_INSTANT:
        raise InvalidInput(f"the instant {instant} ms lies before 1970")
    try:
        ordinal = datetime.fromtimestamp(instant // 1_000, known).toordinal()
        return ordinal + (instant >= _start_of_ordinal(ordinal + 1, zone))
    except (ValueError, OverflowError) as error:
        raise InvalidInput(f"the instant {instant} ms lies after 9999 in {zone}") from error


def local_day(instant: Instant, zone: str) -> date:
    """Return the local day on which an instant falls, as `local_ordinal` counts.

    Raises:
        InvalidInput: unknown zone, or the instant lies outside 1970..9999.
    """
    return date.fromordinal(local_ordinal(instant, zone))


def next_full_hour(instant: Instant, zone: str) -> Instant:
    """Return the end of the local hour in which an instant falls; 10:00 sharp falls in 10 to 11.

    Raises:
        InvalidInput: unknown zone, or the instant lies outside 1970..9999.
    """
    try:
        offset = datetime.fromtimestamp(instant // 1_000, zone_named(zone)).utcoffset()
    except (ValueError, OverflowError) as error:
        raise InvalidInput(f"the instant {instant} ms lies outside 1970..9999") from error
    offset_ms = (offset or timedelta()) // timedelta(milliseconds=1)
    return Instant(instant - (instant + offset_ms) % HOUR + HOUR)


def local_text(instant: Instant, zone: str) -> str:
    """Write an instant as ISO 8601 local time with its offset, for display."""
    moment = datetime.fromtimestamp(instant // 1_000, zone_named(zone))
    return moment.isoformat(timespec="seconds")
