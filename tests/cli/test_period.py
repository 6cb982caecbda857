"""`retention period`: when a period ends, how it was counted, and what is refused."""

import json

import pytest

from tests.cli.conftest import Retention


def test_a_period_is_told_to_people_with_its_counting(retention: Retention) -> None:
    said = retention("period", "2022-05-18", "--period", "P3M", "--zone", "Europe/London")
    assert said.code == 0
    assert "How it was counted:" in said.text
    assert "2022-08-18" in said.text


def test_a_period_is_told_to_programs_as_one_object(retention: Retention) -> None:
    said = retention(
        "period", "2022-05-18", "--period", "P28D", "--zone", "Europe/London", "--json"
    )
    assert said.code == 0
    content = json.loads(said.out)
    assert content["last_day"] == "2022-06-15"
    assert content["end"] == "2022-06-15T23:00:00Z"
    assert content["period"] == "P28D"


def test_a_last_day_that_is_a_holiday_rolls_on(retention: Retention) -> None:
    options = ("2022-09-12", "--period", "P7D", "--zone", "Europe/London", "--json")
    plain = json.loads(retention("period", *options).out)
    rolled = retention("period", *options, "--calendar", "GB-ENG", "--roll", "next_working_day")
    assert plain["last_day"] == "2022-09-19"
    assert json.loads(rolled.out)["last_day"] == "2022-09-20"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("2022-02-30", "--period", "P1D"), "not a day of the calendar"),
        (("tomorrow", "--period", "P1D"), "is not an instant"),
        (("2022-01-01", "--period", "P1X"), "P1X"),
        (("2022-01-01", "--period", ""), ""),
        (("2022-01-01", "--period", "PT24H"), "counted from a moment"),
        (("2022-01-01", "--period", "P1D", "--zone", "Mars/Base"), "Mars/Base"),
        (("2022-01-01", "--period", "P1D", "--counting", "fingers"), "fingers"),
        (("2022-01-01", "--period", "P1D", "--roll", "dice"), "dice"),
        (("2022-01-01", "--period", "P1D", "--calendar", "XX-YY"), "XX-YY"),
        (("2022-01-01", "--period", "P1D", "--extra-day", "Monday"), "Monday"),
        (("2022-01-01", "--period", "P99999Y"), ""),
        (("2022-01-01",), "--period"),
    ],
)
def test_what_cannot_be_counted_is_wrong_input_and_named(
    retention: Retention, arguments: tuple[str, ...], says: str
) -> None:
    said = retention("period", *arguments)
    assert said.code == 2
    assert says in said.text
    assert "Traceback" not in said.text
