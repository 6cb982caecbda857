"""Instants: whole milliseconds since 1970-01-01T00:00Z, and the clocks that give them.

An integer rather than a `datetime`: it is what Kafka, Avro (`timestamp-millis`) and Beam carry, it
cannot be naive, and it costs nothing to compare. Legal periods are in `periods`.
"""

import threading
from datetime import UTC, datetime, timedelta
from typing import NewType, Protocol

from pipeline.errors import InvalidInput

Instant = NewType("Instant", int)
"""Milliseconds since 1970-01-01T00:00Z."""

MIN_INSTANT = Instant(0)
MAX_INSTANT = Instant(253_402_300_799_999)  # 9999-12-31T23:59:59.999Z, the last a datetime holds
LATEST_FACT = Instant(243935280000000)  # 9700-01-01T00:00Z: limits after it stay below 9999
SECOND = 1_000
MINUTE = 60_000
HOUR = 3_600_000
DAY = 86_400_000

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def parse_instant(text: str) -> Instant:
    """Read an ISO 8601 instant with `Z` or an offset.

    Raises:
        InvalidInput: it is not a date and time, has no offset, or lies outside 1970..9999.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        message = f"`{text[:40]}` is not an instant; write e.g. 2026-03-01T09:00:00Z"
        raise InvalidInput(message) from error
    if moment.tzinfo is None:
        message = f"`{text[:40]}` has no zone; add Z or an offset such as +01:00"
        raise InvalidInput(message)
    return from_datetime(moment)


def from_datetime(moment: datetime) -> Instant:
    """Convert an aware datetime, dropping what is finer than a millisecond.

    Raises:
        InvalidInput: it lies outside 1970..9999.
    """
    millis = (moment - _EPOCH) // _MILLISECOND
    if not MIN_INSTANT <= millis <= MAX_INSTANT:
        message = f"{moment.isoformat()} lies outside 1970..9999"
        raise InvalidInput(message)
    return Instant(millis)


def to_datetime(instant: Instant) -> datetime:
    """Convert to an aware UTC datetime."""
    return _EPOCH + timedelta(milliseconds=instant)


def month_of(instant: Instant) -> str:
    """Return the month in UTC, e.g. `2026-11`."""
    return f"{to_datetime(instant):%Y-%m}"


def format_instant(instant: Instant) -> str:
    """Write as ISO 8601 in UTC: seconds, and milliseconds only where there are any."""
    moment = to_datetime(instant)
    unit = "milliseconds" if instant % SECOND else "seconds"
    return moment.isoformat(timespec=unit).replace("+00:00", "Z")


class Clock(Protocol):
    """Something that knows the time. Only edges hold one; the core takes `now` as an argument."""

    def now(self) -> Instant:
        """Return the current instant. Never earlier than a former answer."""
        ...


class ManualClock:
    """A clock that moves only when told. Thread-safe."""

    def __init__(self, start: Instant) -> None:
        self._now = start
        self._lock = threading.Lock()

    def now(self) -> Instant:
        """Return the instant last set."""
        with self._lock:
            return self._now

    def advance_to(self, instant: Instant) -> None:
        """Move forward.

        Raises:
            InvalidInput: the instant lies before the present one.
        """
        with self._lock:
            if instant < self._now:
                message = (
                    f"a clock cannot go back from {format_instant(self._now)} "
                    f"to {format_instant(instant)}"
                )
                raise InvalidInput(message)
            self._now = instant
