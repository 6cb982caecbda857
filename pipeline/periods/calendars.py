"""Working days: weekends and public holidays of a territory, plus days that a person adds.

The `holidays` library knows the public holidays; it is loaded only when a calendar needs it.
"""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

import msgspec

from pipeline.errors import InvalidInput

NO_HOLIDAYS = "NONE"
SATURDAY_SUNDAY = frozenset({5, 6})
_NAME = re.compile(r"([A-Z]{2})(?:-([A-Za-z0-9 ]{1,20}))?")
_ONE_DAY = timedelta(days=1)


class _Year(msgspec.Struct, frozen=True):
    weekend: frozenset[int]
    holidays: Mapping[date, str]


def _library(name: str, year: int | None) -> Any:
    import holidays

    shape = _NAME.fullmatch(name)
    if shape is None:
        raise InvalidInput(
            f"`{name[:40]}` is not a calendar; write a country and, where holidays differ within "
            "it, a subdivision: FR, GB-ENG, US-CA, or NONE for weekends only"
        )
    country, subdivision = shape.groups()
    years = () if year is None else (year,)
    try:
        return holidays.country_holidays(country, subdiv=subdivision, years=years, language="en_US")
    except NotImplementedError as error:
        raise InvalidInput(
            f"no public holidays are known for the calendar `{name}`; name another, or use NONE "
            "with the holidays as extra days"
        ) from error


@lru_cache(maxsize=4_096)
def _year(name: str, year: int) -> _Year:
    # One value per year, built whole and then never changed: the library fills its own object
    # while it is asked, which two threads of a worker would see half filled.
    if name == NO_HOLIDAYS:
        return _Year(weekend=SATURDAY_SUNDAY, holidays={})
    known = _library(name, year)
    if not known.start_year <= year <= known.end_year:
        # The library answers "no holiday" out there, which would shorten deadlines silently.
        raise InvalidInput(
            f"the calendar `{name}` knows public holidays from {known.start_year} to "
            f"{known.end_year}, not for {year}; use NONE with the holidays as extra days"
        )
    return _Year(weekend=frozenset(known.weekend), holidays=dict(known.items()))


class Calendar(msgspec.Struct, frozen=True):
    """Which days are working days.

    Reg 1182/71 art 2(2): all days other than public holidays, Sundays and Saturdays; a country
    that rests on other days has its own. Public holidays are those of the place where the action
    is taken (art 2(1)), hence GB-ENG, GB-SCT and GB-NIR differ.

    Attributes:
        name: country and subdivision (`FR`, `GB-ENG`, `US-CA`), or `NONE` for weekends only.
        extra_days: days that are no working days besides, e.g. a holiday proclaimed at short
            notice that the library does not know yet.

    Raises:
        InvalidInput: no such calendar; from its methods: a year the calendar does not know.
    """

    name: str = NO_HOLIDAYS
    extra_days: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        if self.name != NO_HOLIDAYS:
            _library(self.name, None)

    def holiday_name(self, day: date) -> str | None:
        """Return why a day is a holiday, weekends aside; None when it is not."""
        if day in self.extra_days:
            return "a day added as a holiday"
        return _year(self.name, day.year).holidays.get(day)

    def is_weekend(self, day: date) -> bool:
        """Tell whether a day belongs to the calendar's weekend."""
        return day.weekday() in _year(self.name, day.year).weekend

    def is_working_day(self, day: date) -> bool:
        """Tell whether a day is neither weekend nor holiday."""
        return not self.is_weekend(day) and self.holiday_name(day) is None

    def working_day_from(self, day: date) -> date:
        """Return the day itself when it is a working day, else the next one that is."""
        while not self.is_working_day(day):
            day += _ONE_DAY
        return day


WEEKENDS_ONLY = Calendar()
