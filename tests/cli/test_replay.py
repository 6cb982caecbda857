"""`retention replay`: exit codes, what is said, what is written; once through the real job."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import RunnerRefused
from pipeline.instants import MINUTE, Instant, format_instant, parse_instant
from pipeline.stories.driver import StoryFailed
from pipeline.stories.replay import Played
from pipeline.stories.scenario import Scenario
from tests.cli.conftest import Retention
from tests.stories.build import LINE, delivery, found, happening, lines, set_aside, written

SCENARIOS = Path(__file__).parents[1] / "scenarios"
FOUND = {"finding": "NO_RULE", "times": 1}
Plays = Callable[..., None]


@pytest.fixture
def plays(monkeypatch: pytest.MonkeyPatch) -> Plays:
    """Let something come of every scenario without a job: what is given, or an error."""

    def let(played: Played | Exception) -> None:
        def play(scenario: Scenario, folder: Path, watch: Callable[[Instant, int], None]) -> Played:
            watch(scenario.until, len(scenario.happenings))
            (folder / "log.db").touch()
            if isinstance(played, Exception):
                raise played
            return played

        monkeypatch.setattr("pipeline.cli.replay.play", play)

    return let


AS_EXPECTED = Played((delivery(),), (found("NO_RULE"),), ())
TOO_LATE = Played((delivery("2022-04-01T00:00:00Z"),), (found("NO_RULE"),), ())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return written(tmp_path / "photo", expected=lines(LINE, FOUND))


@pytest.mark.parametrize("given", ["nowhere/x", "."])
def test_where_nothing_can_be_written_is_said_before_the_story_is_played(
    retention: Retention, plays: Plays, folder: Path, tmp_path: Path, given: str
) -> None:
    plays(RuntimeError("the story was played"))
    said = retention("replay", folder, "--given", tmp_path / given)
    assert said.code == 2
    assert f"--given {tmp_path / given}" in said.text
    assert "played" not in said.text


# -- exit codes ----------------------------------------------------------------------------------


def test_nothing_that_differs_is_0(retention: Retention, plays: Plays, folder: Path) -> None:
    plays(AS_EXPECTED)
    said = retention("replay", folder)
    assert said.code == 0, said.text
    assert said.out.startswith("same       A photo (1 commands expected")


def test_a_difference_is_4_and_said_line_by_line(
    retention: Retention, plays: Plays, folder: Path
) -> None:
    plays(TOO_LATE)
    said = retention("replay", folder)
    assert said.code == 4
    first, second = said.out.splitlines()
    assert first.startswith("different  A photo")
    assert second.split(":", 1)[0].split() == [
        *("late", "DELETE", "photo-1", "in", "images", "under", "policy"),
    ]
    assert "given at 2022-04-01T00:00:00Z, not between 2022-03-30T23:00:00Z" in second


def test_one_that_differs_among_several_is_4_and_all_are_played(
    retention: Retention, plays: Plays, folder: Path, tmp_path: Path
) -> None:
    plays(AS_EXPECTED)
    other = written(tmp_path / "other", expected=lines(FOUND))
    said = retention("replay", other, folder)
    assert said.code == 4
    assert [line.split()[0] for line in said.out.splitlines()] == [
        *("different", "unexpected", "same"),
    ]


@pytest.mark.parametrize(
    ("error", "code"), [(StoryFailed("at noon: still waiting"), 1), (RunnerRefused("no Prism"), 5)]
)
def test_a_job_that_fails_is_1_and_a_missing_runner_5(
    retention: Retention, plays: Plays, folder: Path, error: Exception, code: int
) -> None:
    plays(error)
    said = retention("replay", folder)
    assert said.code == code
    assert str(error) in said.text
    assert "Traceback" not in said.text


def test_whatever_breaks_the_job_is_1_and_named(
    retention: Retention, plays: Plays, folder: Path
) -> None:
    plays(ValueError("a socket"))
    said = retention("replay", folder)
    assert said.code == 1
    assert "A photo: a socket" in said.text


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"README": "# No front matter\n"}, "README.md must begin with front matter"),
        ({"timeline": lines(happening("weather", "rain"))}, "timeline.jsonl:1"),
        ({"expected": lines(LINE | {"kind": "ERASE"})}, "expected.jsonl:1"),
        ({"policy": "policy: acme\n"}, "policy.yaml:1"),
    ],
)
def test_a_folder_that_is_no_scenario_is_2_before_anything_is_played(
    retention: Retention,
    plays: Plays,
    folder: Path,
    tmp_path: Path,
    files: dict[str, str],
    says: str,
) -> None:
    plays(StoryFailed("played"))
    bad = written(tmp_path / "bad", **files)
    said = retention("replay", folder, bad)
    assert said.code == 2
    assert says in said.text
    assert "played" not in said.text


def test_a_folder_that_does_not_exist_is_2(retention: Retention, tmp_path: Path) -> None:
    assert retention("replay", tmp_path / "none").code == 2
    assert retention("replay").code == 2


# -- what is written -----------------------------------------------------------------------------


def test_what_was_given_has_the_form_of_what_is_expected(
    retention: Retention, plays: Plays, folder: Path, tmp_path: Path
) -> None:
    given = tmp_path / "given.jsonl"
    twice = (set_aside("empty"), set_aside("empty"))
    plays(TOO_LATE._replace(quarantined=twice))
    assert retention("replay", folder, "--given", given).code == 4
    assert [json.loads(line) for line in given.read_text().splitlines()] == [
        LINE | {"not_before": "2022-04-01T00:00:00Z", "not_after": "2022-04-01T00:00:00Z"},
        FOUND,
        {"quarantine": "empty", "times": 2},
    ]
    shutil.copy(given, folder / "expected.jsonl")
    assert retention("replay", folder).code == 0


def test_what_several_gave_is_not_written_over_each_other(
    retention: Retention, plays: Plays, folder: Path, tmp_path: Path
) -> None:
    plays(AS_EXPECTED)
    said = retention("replay", folder, folder, "--given", tmp_path / "given.jsonl")
    assert said.code == 2
    assert "`--given` takes one folder" in said.text
    assert not (tmp_path / "given.jsonl").exists()


def test_the_log_is_kept_where_it_is_asked_for_and_never_overwritten(
    retention: Retention, plays: Plays, folder: Path, tmp_path: Path
) -> None:
    plays(AS_EXPECTED)
    kept = tmp_path / "kept"
    assert retention("replay", folder, "--keep", kept).code == 0
    assert {file.name for file in (kept / "photo").iterdir()} == {"job.log", "log.db"}
    said = retention("replay", folder, "--keep", kept)
    assert said.code == 2
    assert "photo cannot be made" in said.text


# -- through the real job ------------------------------------------------------------------------


@pytest.mark.integration
@pytest.mark.timeout(240)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_changed_policy_shows_what_it_changes_and_what_it_gave_is_given_again(
    retention: Retention, tmp_path: Path
) -> None:
    longer, given = tmp_path / "longer", tmp_path / "given.jsonl"
    shutil.copytree(SCENARIOS / "uk-default-limit", longer)
    policy = (longer / "policy.yaml").read_text()
    assert policy.count("limit: P30D") == 1
    (longer / "policy.yaml").write_text(policy.replace("limit: P30D", "limit: P31D"))

    said = retention("replay", longer, "--given", given, "--keep", tmp_path / "kept")
    assert said.code == 4, said.text
    _, only = said.out.splitlines()
    assert only.split()[:3] == ["late", "DELETE", "photo-1"]
    assert (tmp_path / "kept" / "longer" / "log.db").stat().st_size > 0

    # How many milliseconds after it was due a command came is not the same twice.
    (longer / "expected.jsonl").write_text(lines(*map(widened, given.read_text().splitlines())))
    again = retention("replay", longer)
    assert again.code == 0, again.text


def widened(line: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(line)
    for key, by in (("not_before", -MINUTE), ("not_after", MINUTE)):
        if key in found:
            found[key] = format_instant(Instant(parse_instant(found[key]) + by))
    return found
