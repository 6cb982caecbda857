"""Legal periods: the vectors of worked dates."""

import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from pipeline.instants import (
    Instant,
    format_instant,
    from_datetime,
    parse_instant,
)
from pipeline.periods import (
    Calendar,
    Counting,
    Period,
    Reckoning,
    Roll,
    explain,
    last_day,
    local_day,
    parse_period,
    reckon,
    start_of_day,
)
from tests.support.periods import last_day_of, on

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parent / "vectors" / "legal-dates.json").read_text(encoding="utf-8")
)
DAYS = {vector["id"]: vector for vector in VECTORS["day_vectors"]}
HOURS = {vector["id"]: vector for vector in VECTORS["hour_vectors"]}
LETTERS = {"days": "P{}D", "weeks": "P{}W", "months": "P{}M", "years": "P{}Y", "hours": "PT{}H"}

each_day_vector = pytest.mark.parametrize("vector", DAYS.values(), ids=DAYS.keys())
each_hour_vector = pytest.mark.parametrize("vector", HOURS.values(), ids=HOURS.keys())


def period_of(vector: dict[str, Any]) -> Period:
    return parse_period(LETTERS[vector["period"]["unit"]].format(vector["period"]["value"]))


def start_of(vector: dict[str, Any], text: str | None = None) -> Instant:
    start = text or vector["start"]
    if "T" in start:
        return parse_instant(start)
    return start_of_day(date.fromisoformat(start), vector["tz"])


def reckoning_of(vector: dict[str, Any]) -> Reckoning:
    return Reckoning(
        zone=vector["tz"],
        counting=Counting(vector["counting"]),
        roll=Roll(vector["roll"]),
        calendar=Calendar(vector.get("calendar", "NONE")),
    )


def end_of(vector: dict[str, Any], start: str | None = None) -> Instant:
    return reckon(start_of(vector, start), period_of(vector), reckoning_of(vector))


class TestVectors:
    @each_day_vector
    def test_the_end_is_the_expected_instant(self, vector: dict[str, Any]) -> None:
        assert format_instant(end_of(vector)) == vector["expected_end_instant_utc"]

    @each_day_vector
    def test_the_last_day_is_the_expected_one(self, vector: dict[str, Any]) -> None:
        found = last_day(end_of(vector), vector["tz"]).isoformat()
        assert found == vector["expected_last_day"]
        assert found != vector.get("must_not_equal")

    @each_day_vector
    def test_the_start_falls_on_the_expected_local_day(self, vector: dict[str, Any]) -> None:
        assert local_day(start_of(vector), vector["tz"]).isoformat() == vector["start_local_date"]

    @each_day_vector
    def test_the_explanation_reaches_the_same_end(self, vector: dict[str, Any]) -> None:
        told = explain(start_of(vector), period_of(vector), reckoning_of(vector))
        assert format_instant(told.end) == vector["expected_end_instant_utc"]
        assert vector["expected_last_day"] in told.steps[-1]

    @each_hour_vector
    def test_hours_end_at_the_expected_instant(self, vector: dict[str, Any]) -> None:
        local = datetime.fromisoformat(vector["start_local"])
        start = from_datetime(local.replace(tzinfo=ZoneInfo(vector["tz"])))
        end = reckon(start, period_of(vector), reckoning_of(vector))
        assert format_instant(end) == vector["expected_end_instant_utc"]

    def test_deletion_may_start_on_the_day_that_the_vector_names(self) -> None:
        vector = DAYS["V27"]
        assert local_day(end_of(vector), vector["tz"]).isoformat() == vector["earliest_delete"]

    def test_counting_from_the_day_itself_gives_the_conservative_day(self) -> None:
        vector = DAYS["V40"]
        found = last_day_of(
            vector["start"], "P45D", zone=vector["tz"], counting=Counting.BEGINNING_WITH
        )
        assert found == vector["conservative_last_day"]

    def test_the_notice_48_hours_before_the_end_is_due_when_the_vector_says(self) -> None:
        vector = DAYS["V36"]
        due = Instant(end_of(vector) - 48 * 3_600_000)
        assert format_instant(due) == vector["notice_latest_instant_utc"]

    def test_the_later_of_two_starts_governs_where_the_vector_combines_by_max(self) -> None:
        vector = DAYS["V31"]
        assert vector["combine"] == "max"
        assert "2018-02-01" in vector["status"]
        ends = [end_of(vector), end_of(vector, "2018-02-01")]
        assert format_instant(max(ends)) == vector["expected_end_instant_utc"]

    def test_the_earlier_branch_governs_where_the_vector_combines_by_min(self) -> None:
        vector = DAYS["V34"]
        assert vector["combine"] == "min"
        satisfied = on("2024-03-10", vector["tz"])
        assert "2024-03-10 governs" in vector["other_branch"]
        assert min(end_of(vector), satisfied) == satisfied

    def test_the_appeal_period_ends_where_the_compliance_periods_start(self) -> None:
        assert {DAYS["V22"]["start"], DAYS["V23"]["start"]} == {DAYS["V21"]["expected_last_day"]}

    @pytest.mark.parametrize("name", [n for n in VECTORS["calendars"] if n != "NONE"])
    def test_the_library_knows_every_holiday_of_the_vectors(self, name: str) -> None:
        calendar = Calendar(name)
        days = [date.fromisoformat(text) for text in VECTORS["calendars"][name]]
        assert [day for day in days if calendar.is_working_day(day)] == []

    @pytest.mark.parametrize("vector_id", ["V02", "V08", "V09", "V10", "V11", "V12", "V13"])
    def test_the_library_adds_no_holiday_in_the_days_before_the_end(self, vector_id: str) -> None:
        vector = DAYS[vector_id]
        listed = {date.fromisoformat(text) for text in VECTORS["calendars"][vector["calendar"]]}
        last = date.fromisoformat(vector["expected_last_day"])
        calendar = Calendar(vector["calendar"])
        near = [last + timedelta(days=n) for n in range(-10, 1)]
        known = {day for day in near if calendar.holiday_name(day) and day.weekday() < 5}
        assert known == {day for day in near if day in listed and day.weekday() < 5}
