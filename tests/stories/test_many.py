"""A line of a scenario that stands for many records: events that are repeated, commands counted."""

from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import InvalidInput
from pipeline.events import Event
from pipeline.stories.difference import Difference, differences
from pipeline.stories.replay import Played
from pipeline.stories.scenario import read_scenario
from pipeline.stories.stores import Delivery
from tests.stories.build import EVENT, LINE, delivery, happening, lines, written

PAUSE = {"control": "all", "version": 1, "action": "pause", "reason": "Moving"}
MANY = LINE | {"record": "photo-{n}", "times": 2}


def differing(
    tmp_path: Path, expected: list[dict[str, Any]], given: list[Delivery]
) -> list[Difference]:
    scenario = read_scenario(written(tmp_path / "photo", expected=lines(*expected)))
    return list(differences(scenario, Played(tuple(given), (), ())))


def test_an_event_may_happen_many_times_each_with_its_number(tmp_path: Path) -> None:
    repeated = happening("events", EVENT | {"event_id": "e-{n}", "record_id": "photo-{n}"})
    scenario = read_scenario(written(tmp_path / "photo", timeline=lines(repeated | {"times": 3})))
    events = [one.what for one in scenario.happenings if isinstance(one.what, Event)]
    names = [(event.event_id, event.record_id) for event in events]
    assert names == [(f"e-{n}", f"photo-{n}") for n in (1, 2, 3)]


def test_a_line_for_many_records_stands_for_so_many_commands(tmp_path: Path) -> None:
    scenario = read_scenario(written(tmp_path / "photo", expected=lines(MANY)))
    assert [one.record for one in scenario.commands] == ["photo-{n}"] * 2


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (happening("events", EVENT) | {"times": 2}, "`times` needs `{n}` in the ids"),
        (happening("events", EVENT) | {"times": 0}, "`times` must be a number above 0"),
        (happening("controls", PAUSE) | {"times": 2}, "`times` is for events"),
    ],
)
def test_what_cannot_be_repeated_is_said_with_its_line(
    tmp_path: Path, line: dict[str, Any], says: str
) -> None:
    with pytest.raises(InvalidInput) as error:
        read_scenario(written(tmp_path / "photo", timeline=lines(line)))
    assert says in str(error.value)
    assert "timeline.jsonl:1" in str(error.value)


def test_commands_of_one_record_are_not_counted(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"expected\.jsonl:1: `times` needs a `record`"):
        differing(tmp_path, [LINE | {"times": 2}], [])


def many(*records: str) -> list[Delivery]:
    return [delivery(name=f"c-{at}", record=record) for at, record in enumerate(records)]


def test_of_many_records_so_many_must_be_given_whichever_they_are(tmp_path: Path) -> None:
    assert differing(tmp_path, [MANY], many("photo-7", "photo-12")) == []
    (one,) = differing(tmp_path, [MANY], many("photo-7"))
    assert (one.kind, "photo-{n}" in one.what) == ("missing", True)
    (one,) = differing(tmp_path, [MANY], many("photo-7", "photo-8", "photo-9"))
    assert (one.kind, "photo-{n}" in one.what) == ("unexpected", True)


def test_of_many_records_none_counts_twice_and_no_other_name_counts(tmp_path: Path) -> None:
    differ = differing(tmp_path, [MANY], many("photo-7", "photo-7", "photo-x"))
    assert {(one.kind, one.what.split()[1]) for one in differ} == {
        ("unexpected", "photo-7"),
        ("unexpected", "photo-x"),
        ("missing", "photo-{n}"),
    }


def test_a_line_of_its_own_goes_before_one_of_many(tmp_path: Path) -> None:
    (one,) = differing(tmp_path, [MANY, LINE], many("photo-1", "photo-2"))
    assert (one.kind, "photo-{n}" in one.what) == ("missing", True)
