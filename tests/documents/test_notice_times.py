"""Times that must never come too early, whatever happened to the notice."""

from typing import Any

import pytest

from pipeline.documents import Standing
from pipeline.documents.times import window_end
from pipeline.instants import Instant, parse_instant
from tests.documents.lives import APPEALED, at, notice, problems

DELETE = "steps:\n  - {{id: delete, action: delete, after: {after}, within: {within}}}\n"
STAYED = ("stayed", "2022-05-20T12:00:00Z")
STAY_ENDED = ("stay_ended", "2022-05-21T12:00:00Z")
LIFTED = ("urgency_lifted", "2022-05-20T12:00:00Z")


def deleting(after: str = "appeal_period", within: str = "P1M", **changes: Any) -> dict[str, Any]:
    return {"steps": DELETE.format(after=after, within=within)} | changes


def urgent(**changes: str) -> dict[str, Any]:
    return deleting("service", more="urgent: yes\n", **changes)


def times(found: Standing) -> tuple[Instant, Instant]:
    [step] = found.steps
    return step.not_before, step.complete_by


def test_once_urgency_is_lifted_the_time_to_appeal_is_waited_for() -> None:
    """DPA 2018 s.150(6): a court that lifts urgency lets nobody require anything sooner."""
    found = at("2022-05-22T00:00:00Z", LIFTED, **urgent(within="P3D"))
    end = window_end(found.notice)
    assert found.state == "APPEAL_WINDOW"
    assert times(found) == (end, parse_instant("2022-06-20T23:00:00Z"))  # the 18th is a Saturday
    assert [step.counted for step in found.steps] == ["appeal_period"]


def test_once_urgency_is_lifted_instants_within_the_time_to_appeal_are_refused() -> None:
    window = (
        "steps:\n  - {id: delete, action: delete, not_before: 2022-05-20T00:00:00Z, "
        "complete_by: 2022-06-01T00:00:00Z}\n"
    )
    more = "urgent: yes\n"
    assert notice(steps=window, more=more)
    [problem] = problems(LIFTED, steps=window, more=more)
    assert problem.where == "steps[0].not_before"


@pytest.mark.parametrize(
    "life",
    [
        [STAYED, STAY_ENDED],
        [("quashed", "2022-05-20T12:00:00Z"), ("remitted", "2022-05-21T12:00:00Z"),
         ("dismissed", "2022-05-22T12:00:00Z")],
    ],
)  # fmt: skip
@pytest.mark.parametrize("authority", ["FR-CNIL", "GB-ICO"])
def test_no_decision_within_the_time_to_appeal_brings_a_deadline_forward(
    authority: str, life: list[tuple[str, str]]
) -> None:
    changes = deleting(authority=authority)
    undisturbed = at("2022-05-25T00:00:00Z", **changes)
    assert times(at("2022-05-25T00:00:00Z", *life, **changes)) == times(undisturbed)


def test_an_urgent_notice_that_was_stayed_keeps_its_24_hours() -> None:
    life = (("stayed", "2022-05-18T14:00:00Z"), ("stay_ended", "2022-05-18T15:00:00Z"))
    found = at("2022-05-18T15:30:00Z", *life, **urgent())
    assert found.state == "ISSUED"
    assert times(found)[0] == parse_instant("2022-05-19T13:00:00Z")


def test_an_appeal_withdrawn_within_the_window_changes_nothing() -> None:
    life = (("appealed", "2022-05-20T12:00:00Z"), ("appeal_withdrawn", "2022-05-21T12:00:00Z"))
    undisturbed = at("2022-05-25T00:00:00Z", **deleting())
    found = at("2022-05-25T00:00:00Z", *life, **deleting())
    assert found.state == "APPEAL_WINDOW"
    assert times(found) == times(undisturbed)


def test_what_an_urgent_notice_restricted_is_kept_when_its_urgency_is_lifted() -> None:
    steps = (
        "steps:\n  - {id: stop, action: restrict, after: service, within: P1M, "
        "while_suspended: keep}\n"
    )
    life = (("appealed", "2022-05-20T12:00:00Z"), ("urgency_lifted", "2022-05-23T12:00:00Z"))
    changes = {"steps": steps, "more": "urgent: yes\n"}
    assert at("2022-05-21T00:00:00Z", *life, **changes).state == "IN_FORCE"
    found = at("2022-05-24T00:00:00Z", *life, **changes)
    assert found.state == "SUSPENDED"
    assert [step.step_id for step in found.ordered] == ["stop"]


@pytest.mark.parametrize("ending", ["cancelled", "substituted", "quashed"])
def test_what_was_kept_while_it_was_suspended_is_let_go_when_it_ends(ending: str) -> None:
    steps = (
        "steps:\n  - {id: stop, action: restrict, after: appeal_period, within: P1M, "
        "while_suspended: keep}\n"
    )
    life = (("appealed", "2022-07-01T12:00:00Z"), (ending, "2022-08-01T12:00:00Z"))
    assert at("2022-07-02T00:00:00Z", *life, steps=steps).ordered
    assert at("2022-08-02T00:00:00Z", *life, steps=steps).ordered == ()


def test_hours_after_the_time_to_appeal_are_whole() -> None:
    found = at("2022-06-16T00:00:00Z", **deleting(within="PT24H"))
    assert times(found)[1] == parse_instant("2022-06-16T23:00:00Z")


@pytest.mark.parametrize(
    ("more", "life"),
    [
        ("state: withdrawn\n", [APPEALED]),
        ("state: preliminary\n", []),
    ],
)
def test_what_orders_nothing_may_be_written_with_its_history_or_before_its_service(
    more: str, life: list[tuple[str, str]]
) -> None:
    served = "2022-05-18T12:00:00Z" if life else None
    found = at("2022-07-01T00:00:00Z", *life, served=served, more=more, steps=DELETE.format(
        after="appeal_period", within="P1M"))  # fmt: skip
    assert found.ordered == ()


def test_what_is_complied_with_stays_so_after_an_appeal() -> None:
    life = (
        ("complied", "2022-07-20T12:00:00Z"),
        ("appealed", "2022-07-28T12:00:00Z"),
        ("dismissed", "2022-08-28T12:00:00Z"),
    )
    assert at("2022-08-01T00:00:00Z", *life).state == "SUSPENDED"
    assert at("2022-09-01T00:00:00Z", *life).state == "COMPLIED"


def test_what_was_answered_is_kept_no_more_whatever_comes_later() -> None:
    life = (
        ("complied", "2022-05-20T12:00:00Z"),
        ("stayed", "2022-05-28T12:00:00Z"),
        ("stay_ended", "2022-05-29T12:00:00Z"),
    )
    changes = {"authority": "FR-CNIL", "more": "kind: information\n", "steps": ""}
    assert at("2022-05-19T00:00:00Z", *life, **changes).holds
    for when in ("2022-05-25T00:00:00Z", "2022-05-28T13:00:00Z", "2022-07-30T00:00:00Z"):
        assert not at(when, *life, **changes).holds
