"""Legal periods: how they are counted, what is refused, and the explanation."""

from datetime import date

import pytest

from pipeline.errors import InvalidInput
from pipeline.instants import (
    MAX_INSTANT,
    Instant,
    format_instant,
    parse_instant,
)
from pipeline.periods import (
    Calendar,
    Counting,
    Period,
    Reckoning,
    Roll,
    explain,
    local_day,
    parse_period,
    period_end,
)
from tests.support.periods import last_day_of, on


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
