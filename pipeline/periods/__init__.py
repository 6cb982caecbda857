"""Legal periods: how long a law gives, counted the way that law counts.

`period` reads ISO 8601 periods; `calendars` knows working days; `zones` maps instants to local
days; `counting` holds the ways to count and what a rule carries of them (`Reckoning`); `reckon`
turns a start into an end and is what the pipeline calls for every event; `explain` tells the steps.
"""

from pipeline.periods.calendars import WEEKENDS_ONLY, Calendar
from pipeline.periods.counting import Counting, Reckoning, Roll
from pipeline.periods.explain import Explanation, explain
from pipeline.periods.period import Period, parse_period
from pipeline.periods.reckon import last_day, period_end, reckon
from pipeline.periods.zones import local_day, start_of_day

__all__ = [
    "WEEKENDS_ONLY",
    "Calendar",
    "Counting",
    "Explanation",
    "Period",
    "Reckoning",
    "Roll",
    "explain",
    "last_day",
    "local_day",
    "parse_period",
    "period_end",
    "reckon",
    "start_of_day",
]
