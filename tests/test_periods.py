"""Legal periods: the vectors of worked dates, what is refused, the explanation, and the verb."""

import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import typer
from typer.testing import CliRunner, Result

from pipeline.cli.period import period as period_verb
from pipeline.errors import InvalidInput
from pipeline.instants import (
    MAX_INSTANT,
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
    period_end,
    reckon,
    start_of_day,
)

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


def on(day: str, zone: str = "UTC") -> Instant:
    return start_of_day(date.fromisoformat(day), zone)


def last_day_of(start: str, period: str, **options: Any) -> str:
    zone = options.get("zone", "UTC")
    end = period_end(on(start, zone), parse_period(period), **options)
    return last_day(end, zone).isoformat()


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


class TestCounting:
    def test_an_extension_is_added_once_from_the_original_start(self) -> None:
        assert last_day_of("2023-01-31", "P3M") == "2023-04-30"

    @pytest.mark.parametrize(
        ("start", "period", "last"),
        [
            ("2026-03-01", "P1M", "2026-03-31"),
            ("2026-01-31", "P1M", "2026-02-28"),
            ("2024-02-29", "P1Y", "2025-02-28"),
            ("2026-03-10", "P1D", "2026-03-10"),
            ("2026-03-10", "P1M3D", "2026-04-12"),
        ],
    )
    def test_a_period_beginning_with_a_day_counts_it(
        self, start: str, period: str, last: str
    ) -> None:
        assert last_day_of(start, period, counting=Counting.BEGINNING_WITH) == last

    @pytest.mark.parametrize(
        ("start", "last"),
        [("2022-01-30", "2022-02-28"), ("2022-01-31", "2022-02-28"), ("2022-02-28", "2022-03-31")],
    )
    def test_an_australian_month_runs_to_the_end_of_a_month_without_the_day(
        self, start: str, last: str
    ) -> None:
        assert last_day_of(start, "P1M", counting=Counting.AU_MONTH) == last

    def test_two_working_days_are_guaranteed_from_a_friday(self) -> None:
        rolled = {"roll": Roll.NEXT_WORKING_DAY}
        least = {"roll": Roll.NEXT_WORKING_DAY_MIN2}
        assert last_day_of("2026-03-06", "P2D", **rolled) == "2026-03-09"
        assert last_day_of("2026-03-06", "P2D", **least) == "2026-03-10"

    def test_one_day_needs_no_second_working_day(self) -> None:
        least = {"roll": Roll.NEXT_WORKING_DAY_MIN2}
        assert last_day_of("2026-03-06", "P1D", **least) == "2026-03-09"

    def test_an_extra_day_is_passed_over(self) -> None:
        extra = Calendar("NONE", frozenset({date(2026, 3, 9)}))
        found = last_day_of("2026-03-07", "P1D", roll=Roll.NEXT_WORKING_DAY, calendar=extra)
        assert found == "2026-03-10"

    def test_a_country_with_another_weekend_rolls_over_its_own(self) -> None:
        riyadh = {"roll": Roll.NEXT_WORKING_DAY, "calendar": Calendar("SA")}
        assert last_day_of("2026-01-15", "P1D", **riyadh) == "2026-01-18"

    def test_hours_are_not_rolled(self) -> None:
        friday = parse_instant("2026-03-06T12:00:00Z")
        end = period_end(friday, parse_period("PT24H"), roll=Roll.NEXT_WORKING_DAY)
        assert format_instant(end) == "2026-03-07T12:00:00Z"

    def test_an_event_on_the_hour_excludes_the_hour_that_it_opens(self) -> None:
        end = period_end(
            parse_instant("2026-03-06T10:00:00Z"),
            parse_period("PT1H"),
            zone="Asia/Kolkata",
            counting=Counting.EVENT_HOUR_EXCLUDED,
        )
        assert format_instant(end) == "2026-03-06T11:30:00Z"

    def test_a_day_that_starts_with_a_clock_change_starts_at_the_change(self) -> None:
        assert format_instant(on("2018-11-04", "America/Sao_Paulo")) == "2018-11-04T03:00:00Z"

    def test_a_day_that_has_started_stays_when_clocks_go_back_over_midnight(self) -> None:
        # St John's went from 00:01 back to 23:01 of the day before.
        started = on("2009-11-01", "America/St_Johns")
        assert format_instant(started) == "2009-11-01T02:30:00Z"
        again = parse_instant("2009-11-01T03:00:00Z")
        assert local_day(again, "America/St_Johns") == date(2009, 11, 1)


class TestRefusals:
    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("", "not an ISO 8601 period"),
            ("P", "empty"),
            ("PT", "not an ISO 8601 period"),
            ("P1YT", "not an ISO 8601 period"),
            ("P0D", "zero"),
            ("P0Y0M", "zero"),
            ("-P3M", "sign"),
            ("P-3M", "sign"),
            ("P1.5M", "fraction"),
            ("P0,5D", "fraction"),
            ("P1DT12H", "mixes calendar units"),
            ("P1W2D", "mixes weeks"),
            ("P201Y", "longer than 200 years"),
            ("P2401M", "longer than 200 years"),
            ("P199Y13M", "longer than 200 years"),
            ("PT1753165H", "longer than 200 years"),
            ("P" + "9" * 5_000 + "D", "too long a text"),
            ("p3m", "not an ISO 8601 period"),
            ("3 months", "not an ISO 8601 period"),
            ("P٣M", "not an ISO 8601 period"),
            ("P3M\n", "not an ISO 8601 period"),
        ],
    )
    def test_an_impossible_period_is_refused_with_its_reason(self, text: str, reason: str) -> None:
        with pytest.raises(InvalidInput, match=reason) as caught:
            parse_period(text)
        assert len(str(caught.value)) < 200

    @pytest.mark.parametrize("text", ["P200Y", "P2400M", "P73048D", "PT1753164H"])
    def test_two_hundred_years_are_accepted_in_every_unit(self, text: str) -> None:
        assert str(parse_period(text)) == text

    def test_a_negative_unit_is_refused_in_a_period_made_without_text(self) -> None:
        with pytest.raises(InvalidInput, match="backwards"):
            Period(years=1, months=-1)

    @pytest.mark.parametrize("name", ["XX", "GB-ZZ", "gb", "England", "", "../FR"])
    def test_an_unknown_calendar_is_refused_by_name(self, name: str) -> None:
        with pytest.raises(InvalidInput, match=f"`{name}`"):
            Calendar(name)

    @pytest.mark.parametrize(
        "name", ["Europe/london", "Mars/Base", "", "localtime", "../x", "Europe", "+01:00"]
    )
    def test_an_unknown_zone_is_refused(self, name: str) -> None:
        with pytest.raises(InvalidInput, match="not a time zone"):
            Reckoning(zone=name)

    def test_a_roll_into_years_without_known_holidays_is_refused(self) -> None:
        with pytest.raises(InvalidInput, match="1872 to 2100, not for 2126"):
            last_day_of(
                "2026-03-02", "P100Y", roll=Roll.NEXT_WORKING_DAY, calendar=Calendar("GB-ENG")
            )

    @pytest.mark.parametrize(
        ("period", "counting"),
        [
            ("P1D", Counting.EVENT_HOUR_EXCLUDED),
            ("PT1H", Counting.AU_MONTH),
            ("PT1H", Counting.BUSINESS_DAYS_EXCLUSIVE),
            ("P1M", Counting.BUSINESS_DAYS_EXCLUSIVE),
            ("P2W", Counting.BUSINESS_DAYS_EXCLUSIVE),
        ],
    )
    def test_a_counting_that_does_not_fit_the_period_is_refused(
        self, period: str, counting: Counting
    ) -> None:
        with pytest.raises(InvalidInput, match=f"`{counting}` counts"):
            period_end(on("2026-03-02"), parse_period(period), counting=counting)

    @pytest.mark.parametrize("text", ["P1D", "P8000D", "P200Y", "PT1H"])
    @pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
    def test_an_end_after_the_year_9999_is_refused(self, text: str, zone: str) -> None:
        with pytest.raises(InvalidInput, match="9999"):
            period_end(MAX_INSTANT, parse_period(text), zone=zone)

    def test_a_start_before_1970_is_refused(self) -> None:
        for text in ("P1D", "PT1H"):
            with pytest.raises(InvalidInput, match="1970"):
                period_end(Instant(-1), parse_period(text))


class TestWords:
    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("P3M", "3 months"),
            ("P1Y6M", "1 year and 6 months"),
            ("P6W", "6 weeks"),
            ("PT24H", "24 hours"),
            ("PT1H2M3S", "1 hour, 2 minutes and 3 seconds"),
        ],
    )
    def test_a_period_reads_as_words(self, text: str, words: str) -> None:
        assert parse_period(text).in_words() == words

    def test_a_roll_says_which_days_it_passed_and_why(self) -> None:
        told = explain(
            on("2023-01-31", "Europe/London"),
            parse_period("P3M"),
            Reckoning("Europe/London", roll=Roll.NEXT_WORKING_DAY, calendar=Calendar("GB-ENG")),
        )
        assert "April 2023 has no day 31" in told.steps[2]
        assert "2023-04-30 is a Sunday; 2023-05-01 is May Day" in told.steps[3]

    def test_a_second_working_day_is_explained(self) -> None:
        told = explain(
            on("2026-03-06"), parse_period("P2D"), Reckoning(roll=Roll.NEXT_WORKING_DAY_MIN2)
        )
        assert any("at least two working days" in step for step in told.steps)

    def test_elapsed_hours_say_that_they_are_not_rolled(self) -> None:
        told = explain(
            parse_instant("2026-03-28T10:20:00Z"),
            parse_period("PT24H"),
            Reckoning("Europe/London", Counting.EVENT_HOUR_EXCLUDED, Roll.NEXT_WORKING_DAY),
        )
        assert "2026-03-28T11:00:00+00:00" in told.steps[0]
        assert "not rolled" in told.steps[-1]


def run_verb(*arguments: str) -> Result:
    app = typer.Typer()
    app.command("period")(period_verb)
    return CliRunner().invoke(app, list(arguments))


class TestVerb:
    def test_it_prints_start_last_day_end_and_steps(self) -> None:
        result = run_verb(
            "2022-06-15", "--period", "P3M", "--zone", "Europe/London", "--calendar", "GB-ENG",
            "--roll", "next_working_day",
        )  # fmt: skip
        assert result.exit_code == 0
        lines = result.stdout.splitlines()
        assert lines[2] == "Last day inside  2022-09-15 (Thursday)"
        assert "2022-09-16T00:00:00+01:00 Europe/London (2022-09-15T23:00:00Z)" in lines[3]
        assert any("2022-09-15 is a working day by the calendar GB-ENG" in line for line in lines)

    def test_an_extra_day_rolls_the_end(self) -> None:
        result = run_verb(
            "2022-06-19", "--period", "P3M", "--roll", "next_working_day",
            "--extra-day", "2022-09-19", "--json",
        )  # fmt: skip
        answer = json.loads(result.stdout)
        assert answer["last_day"] == "2022-09-20"
        assert answer["extra_days"] == ["2022-09-19"]
        assert "a day added as a holiday" in " ".join(answer["steps"])

    def test_json_holds_one_object_with_both_ends(self) -> None:
        result = run_verb(
            "2026-06-30T23:30:00Z", "--period", "P1M", "--zone", "Europe/London", "--json"
        )
        answer = json.loads(result.stdout)
        assert (answer["start_day"], answer["last_day"]) == ("2026-07-01", "2026-08-01")
        assert answer["end"] == "2026-08-01T23:00:00Z"
        assert answer["end_local"] == "2026-08-02T00:00:00+01:00"

    @pytest.mark.parametrize(
        "arguments",
        [
            ("2022-06-15", "--period", "P1DT12H"),
            ("2022-06-15", "--period", "PT24H"),
            ("2022-06-31", "--period", "P3M"),
            ("2022-06-15T10:00:00", "--period", "P3M"),
            ("soon", "--period", "P3M"),
            ("2022-06-15", "--period", "P3M", "--counting", "lunar"),
            ("2022-06-15", "--period", "P3M", "--roll", "back"),
            ("2022-06-15", "--period", "P3M", "--calendar", "XX"),
            ("2022-06-15", "--period", "P3M", "--zone", "Mars/Base"),
            ("2022-06-15", "--period", "P3M", "--extra-day", "tomorrow"),
            ("1969-06-15", "--period", "P3M"),
        ],
    )
    def test_invalid_input_exits_2_with_one_line(self, arguments: tuple[str, ...]) -> None:
        result = run_verb(*arguments)
        assert result.exit_code == 2
        assert result.stdout == ""
        assert len(result.stderr.splitlines()) == 1
        assert result.stderr.startswith("error: ")
