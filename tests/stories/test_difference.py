"""What was given against what must be given: nothing that differs passes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from pipeline.findings import Finding, Quarantined
from pipeline.stories.difference import Difference, differences
from pipeline.stories.replay import Played
from pipeline.stories.scenario import read_scenario
from pipeline.stories.stores import Delivery
from tests.stories.build import LINE, delivery, found, lines, set_aside, written

LATER = LINE | {"not_before": "2022-04-10T08:00:00Z", "not_after": "2022-04-10T08:01:00Z"}
WHAT = "DELETE photo-1 in images under policy:acme/default"


def compared(
    tmp_path: Path,
    expected: Sequence[dict[str, Any]],
    commands: Sequence[Delivery] = (),
    findings: Sequence[Finding] = (),
    quarantined: Sequence[Quarantined] = (),
) -> list[Difference]:
    scenario = read_scenario(written(tmp_path / "photo", expected=lines(*expected)))
    played = Played(tuple(commands), tuple(findings), tuple(quarantined))
    return list(differences(scenario, played))


@pytest.mark.parametrize("at", ["2022-03-30T23:00:00Z", "2022-03-30T23:01:00Z"])
def test_both_ends_of_a_window_belong_to_it(tmp_path: Path, at: str) -> None:
    assert compared(tmp_path, [LINE], [delivery(at)]) == []


@pytest.mark.parametrize(
    ("at", "kind", "says"),
    [
        ("2022-03-30T22:59:59.999Z", "early", "given at 2022-03-30T22:59:59.999Z, not between"),
        ("2022-03-30T23:01:00.001Z", "late", "given at 2022-03-30T23:01:00.001Z, not between"),
    ],
)
def test_a_millisecond_outside_is_early_or_late(
    tmp_path: Path, at: str, kind: str, says: str
) -> None:
    (one,) = compared(tmp_path, [LINE], [delivery(at)])
    assert (one.kind, one.what) == (kind, WHAT)
    assert says in one.says


def test_what_is_not_given_is_missing(tmp_path: Path) -> None:
    (one,) = compared(tmp_path, [LINE])
    assert (one.kind, one.what) == ("missing", WHAT)
    assert "never given" in one.says


def test_what_no_line_names_is_unexpected(tmp_path: Path) -> None:
    (one,) = compared(tmp_path, [], [delivery()])
    assert (one.kind, one.what) == ("unexpected", WHAT)
    assert "2022-03-30T23:00:00Z" in one.says


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "RESTRICT"),
        ("record", "photo-2"),
        ("store", "index"),
        ("cause", "policy:acme/other"),
    ],
)
def test_a_command_that_differs_in_anything_is_another(
    tmp_path: Path, field: str, value: str
) -> None:
    kinds = [one.kind for one in compared(tmp_path, [LINE], [delivery(**{field: value})])]
    assert sorted(kinds) == ["missing", "unexpected"]


def test_an_instant_is_said_as_one(tmp_path: Path) -> None:
    exact = LINE | {"not_after": LINE["not_before"]}
    (one,) = compared(tmp_path, [exact])
    assert one.says == "expected at 2022-03-30T23:00:00Z, never given"


def test_a_command_given_again_has_a_line_of_its_own_in_the_order_of_time(tmp_path: Path) -> None:
    first, second = delivery(), delivery("2022-04-10T08:00:30Z", "c-2")
    assert compared(tmp_path, [LATER, LINE], [second, first]) == []
    (one,) = compared(tmp_path, [LINE, LATER], [first])
    assert (one.kind, one.says) == (
        "missing",
        "expected between 2022-04-10T08:00:00Z and 2022-04-10T08:01:00Z, never given",
    )
    (one,) = compared(tmp_path, [LINE], [first, second])
    assert (one.kind, one.says) == ("unexpected", "given at 2022-04-10T08:00:30Z")


def test_of_two_lines_the_later_alone_being_met_is_no_match_for_the_earlier(
    tmp_path: Path,
) -> None:
    kinds = [
        one.kind for one in compared(tmp_path, [LINE, LATER], [delivery("2022-04-10T08:00:30Z")])
    ]
    assert kinds == ["late", "missing"]


@pytest.mark.parametrize(
    ("times", "told", "kind"),
    [
        (1, 1, None),
        (2, 2, None),
        (None, 1, None),
        (None, 5, None),
        (None, 0, "missing"),
        (1, 0, "missing"),
        (2, 1, "missing"),
        (1, 2, "unexpected"),
    ],
)
def test_findings_are_counted(
    tmp_path: Path, times: int | None, told: int, kind: str | None
) -> None:
    line: dict[str, Any] = {"finding": "OVERDUE"}
    if times is not None:
        line["times"] = times
    findings = [found("OVERDUE", f"f-{number}") for number in range(told)]
    differ = compared(tmp_path, [line], findings=findings)
    assert [one.kind for one in differ] == ([] if kind is None else [kind])
    assert all(one.what == "finding OVERDUE" for one in differ)


def test_findings_and_quarantine_that_no_line_names_are_unexpected(tmp_path: Path) -> None:
    differ = compared(
        tmp_path, [], [], [found("OVERDUE")], [set_aside("empty"), set_aside("empty")]
    )
    assert [(one.kind, one.what, one.says) for one in differ] == [
        ("unexpected", "finding OVERDUE", "told once"),
        ("unexpected", "in quarantine empty", "told 2 times"),
    ]


def test_messages_in_quarantine_are_counted_by_their_reason(tmp_path: Path) -> None:
    expected: list[dict[str, Any]] = [
        {"quarantine": "empty", "times": 1},
        {"quarantine": "truncated"},
    ]
    aside = [set_aside("empty"), set_aside("empty"), set_aside("truncated")]
    (one,) = compared(tmp_path, expected, quarantined=aside)
    assert (one.kind, one.says) == ("unexpected", "told 2 times, not once")
