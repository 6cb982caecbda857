"""`retention period`: when a legal period ends, and how that was counted.

The counting is in `pipeline.periods`; this verb reads its options and prints.
"""

import json
import re
from datetime import date
from enum import StrEnum
from typing import Annotated, TypeVar

import typer
from rich.console import Console

from pipeline.errors import InvalidInput
from pipeline.instants import Instant, format_instant, parse_instant
from pipeline.periods import (
    Calendar,
    Counting,
    Explanation,
    Period,
    Reckoning,
    Roll,
    explain,
    parse_period,
    start_of_day,
)
from pipeline.periods.zones import local_text

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_Choice = TypeVar("_Choice", bound=StrEnum)


def period(
    start: Annotated[
        str, typer.Argument(help="A date, local in the zone, or an instant with Z or an offset.")
    ],
    length: Annotated[
        str, typer.Option("--period", help="ISO 8601: P3M, P1Y6M, P6W, P45D, PT24H.")
    ],
    counting: Annotated[
        str, typer.Option(help=f"How the law counts: {', '.join(Counting)}.")
    ] = Counting.EVENT_DAY_EXCLUDED,
    roll: Annotated[
        str, typer.Option(help=f"When the last day is no working day: {', '.join(Roll)}.")
    ] = Roll.NONE,
    calendar: Annotated[
        str, typer.Option(help="Whose holidays: GB-ENG, FR, US-CA, or NONE for weekends only.")
    ] = "NONE",
    zone: Annotated[str, typer.Option(help="IANA time zone that decides the days.")] = "UTC",
    extra_day: Annotated[
        list[str] | None, typer.Option(help="A further holiday; may be given several times.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Tell when a legal period ends, and how it was counted."""
    parsed = parse_period(length)
    reckoning = Reckoning(
        zone=zone,
        counting=_choice(Counting, counting, "--counting"),
        roll=_choice(Roll, roll, "--roll"),
        calendar=Calendar(
            calendar, frozenset(_date(text, "--extra-day") for text in extra_day or [])
        ),
    )
    explanation = explain(_start(start, parsed, zone), parsed, reckoning)
    if as_json:
        typer.echo(json.dumps(_as_object(explanation, parsed, reckoning), indent=2))
    else:
        _print(explanation, parsed, reckoning)


def _choice(kind: type[_Choice], text: str, option: str) -> _Choice:
    try:
        return kind(text)
    except ValueError as error:
        raise InvalidInput(f"{option} `{text}` is none of {', '.join(kind)}") from error


def _date(text: str, name: str) -> date:
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError as error:
        raise InvalidInput(f"{name} `{text}` is not a day of the calendar") from error
    raise InvalidInput(f"{name} `{text}` is not a date; write e.g. 2022-09-19")


def _start(text: str, length: Period, zone: str) -> Instant:
    if not _DATE.fullmatch(text):
        return parse_instant(text)
    day = _date(text, "START")
    if length.is_clock:
        raise InvalidInput(
            f"START `{text}` is a date, but {length} is counted from a moment; give a time with "
            "an offset, e.g. 2026-03-28T10:20:00Z"
        )
    return start_of_day(day, zone)


def _as_object(explanation: Explanation, length: Period, reckoning: Reckoning) -> dict[str, object]:
    return {
        "start": format_instant(explanation.start),
        "start_local": local_text(explanation.start, reckoning.zone),
        "start_day": explanation.start_day.isoformat(),
        "period": str(length),
        "period_in_words": length.in_words(),
        "zone": reckoning.zone,
        "counting": reckoning.counting.value,
        "roll": reckoning.roll.value,
        "calendar": reckoning.calendar.name,
        "extra_days": sorted(day.isoformat() for day in reckoning.calendar.extra_days),
        "last_day": explanation.last_day.isoformat(),
        "end": format_instant(explanation.end),
        "end_local": local_text(explanation.end, reckoning.zone),
        "steps": list(explanation.steps),
    }


def _print(explanation: Explanation, length: Period, reckoning: Reckoning) -> None:
    console = Console(highlight=False, markup=False, soft_wrap=True)
    zone = reckoning.zone
    rows = {
        "Start": f"{local_text(explanation.start, zone)} {zone} "
        f"({format_instant(explanation.start)})",
        "Period": f"{length.in_words()} ({length})",
        "Last day inside": f"{explanation.last_day} ({explanation.last_day:%A})",
        "Ends before": f"{local_text(explanation.end, zone)} {zone} "
        f"({format_instant(explanation.end)})",
    }
    for label, value in rows.items():
        console.print(f"{label:<16} {value}")
    console.print("How it was counted:")
    for number, step in enumerate(explanation.steps, start=1):
        console.print(f"  {number}. {step}")
