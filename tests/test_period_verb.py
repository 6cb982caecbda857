"""`retention period`: what it prints, and how it refuses."""

import json
import sys

import pytest
import typer
from typer.testing import CliRunner, Result

from pipeline.cli.main import main
from pipeline.cli.period import period as period_verb


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
    def test_invalid_input_exits_2_with_one_line(
        self,
        arguments: tuple[str, ...],
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        monkeypatch.setattr(sys, "argv", ["retention", "period", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        assert ended.value.code == 2
        assert said.out == ""
        assert len(said.err.splitlines()) == 1
        assert said.err.startswith("retention: ")
