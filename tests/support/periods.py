"""Legal periods, asked by days."""

from datetime import date
from typing import Any

from pipeline.instants import Instant
from pipeline.periods import last_day, parse_period, period_end, start_of_day


def on(day: str, zone: str = "UTC") -> Instant:
    return start_of_day(date.fromisoformat(day), zone)


def last_day_of(start: str, period: str, **options: Any) -> str:
    zone = options.get("zone", "UTC")
    end = period_end(on(start, zone), parse_period(period), **options)
    return last_day(end, zone).isoformat()
