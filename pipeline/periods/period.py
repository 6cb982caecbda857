"""ISO 8601 periods: whole calendar units, or whole clock units, never both.

How a period is counted from a start is in `counting`.
"""

import re

import msgspec

from pipeline.errors import InvalidInput

MAX_YEARS = 200
_LONGEST_TEXT = 60
_SHAPE = re.compile(
    r"P(?:([0-9]+)Y)?(?:([0-9]+)M)?(?:([0-9]+)W)?(?:([0-9]+)D)?"
    r"(?:T(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+)S)?)?"
)
_EXAMPLES = "write e.g. P3M, P1Y6M, P6W, P45D, PT24H or PT30S"
# The mean Gregorian month and day in millionths of a day: 200 years, 2400 months and 73048 days
# are then the same length, so that no unit lets a longer period through than another.
_MONTH = 30_436_875
_DAY = 1_000_000
_LONGEST = MAX_YEARS * 12 * _MONTH


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """A length of time as the law writes it: `P12M` and `P1Y` are equal in effect, not as values.

    Raises:
        InvalidInput: nothing or less than nothing, calendar and clock units mixed, weeks beside
            other units (ISO 8601 writes them alone), or longer than 200 years.
    """

    years: int = 0
    months: int = 0
    weeks: int = 0
    days: int = 0
    hours: int = 0
    minutes: int = 0
    seconds: int = 0

    def __post_init__(self) -> None:
        parts = self._parts()
        text = str(self)
        if any(count < 0 for count, _, _ in parts):
            raise InvalidInput(f"the period `{text}` counts backwards; write a positive one")
        if not any(count for count, _, _ in parts):
            raise InvalidInput(f"the period is empty or zero; {_EXAMPLES}")
        if self.is_clock and (self.total_months or self.total_days):
            raise InvalidInput(
                f"the period `{text}` mixes calendar units (years to days) with clock units "
                "(hours to seconds), which are counted differently; use one kind"
            )
        if self.weeks and (self.total_months or self.days):
            raise InvalidInput(f"the period `{text}` mixes weeks with other units; use days")
        length = self.total_months * _MONTH + self.total_days * _DAY
        if length > _LONGEST or self.clock_ms * _DAY > _LONGEST * 86_400_000:
            raise InvalidInput(f"the period `{text[:40]}` is longer than {MAX_YEARS} years")

    def _parts(self) -> tuple[tuple[int, str, str], ...]:
        return (
            (self.years, "Y", "year"),
            (self.months, "M", "month"),
            (self.weeks, "W", "week"),
            (self.days, "D", "day"),
            (self.hours, "H", "hour"),
            (self.minutes, "M", "minute"),
            (self.seconds, "S", "second"),
        )

    @property
    def is_clock(self) -> bool:
        """Whether it is counted in elapsed time rather than in local days."""
        return bool(self.hours or self.minutes or self.seconds)

    @property
    def total_months(self) -> int:
        """Years and months, in months: they are added to a date at once."""
        return self.years * 12 + self.months

    @property
    def total_days(self) -> int:
        """Weeks and days, in days."""
        return self.weeks * 7 + self.days

    @property
    def clock_ms(self) -> int:
        """Hours, minutes and seconds, in milliseconds."""
        return (self.hours * 3_600 + self.minutes * 60 + self.seconds) * 1_000

    def __str__(self) -> str:
        """Write as ISO 8601, without the units that are zero."""
        written = [f"{count}{letter}" if count else "" for count, letter, _ in self._parts()]
        clock = "".join(written[4:])
        return "P" + "".join(written[:4]) + (f"T{clock}" if clock else "")

    def in_words(self) -> str:
        """Write for people: `3 months`, `1 year and 6 months`, `1 hour and 5 minutes`."""
        words = [
            f"{count} {word}{'' if count == 1 else 's'}"
            for count, _, word in self._parts()
            if count
        ]
        if len(words) == 1:
            return words[0]
        return ", ".join(words[:-1]) + " and " + words[-1]


def parse_period(text: str) -> Period:
    """Read an ISO 8601 period such as `P3M`, `P1Y6M`, `P6W`, `P45D`, `PT24H` or `PT30S`.

    Raises:
        InvalidInput: it is not one, has fractions or a sign, or `Period` refuses it.
    """
    shown = text[:40]
    if len(text) > _LONGEST_TEXT:
        raise InvalidInput(f"the period `{shown}…` is too long a text; {_EXAMPLES}")
    if "." in text or "," in text:
        raise InvalidInput(
            f"the period `{shown}` has a fraction; use whole numbers of smaller units"
        )
    if "-" in text or "+" in text:
        raise InvalidInput(f"the period `{shown}` has a sign; periods run forwards, without one")
    shape = _SHAPE.fullmatch(text)
    if shape is None or text.endswith("T"):
        raise InvalidInput(f"`{shown}` is not an ISO 8601 period; {_EXAMPLES}")
    if text == "P":
        raise InvalidInput(f"the period `P` is empty; {_EXAMPLES}")
    years, months, weeks, days, hours, minutes, seconds = (int(n or 0) for n in shape.groups())
    return Period(
        years=years,
        months=months,
        weeks=weeks,
        days=days,
        hours=hours,
        minutes=minutes,
        seconds=seconds,
    )
