"""What a notice orders at an instant, after all that has happened to it by then."""

import json
from pathlib import Path

import pytest

from pipeline.documents import (
    standing,
)
from pipeline.documents.times import window_end
from pipeline.instants import Instant, format_instant, parse_instant
from pipeline.periods import last_day
from tests.documents.lives import (
    APPEALED,
    BITTEN,
    DISMISSED,
    LONDON,
    SERVED,
    STEPS,
    URGENT,
    at,
    days,
    notice,
    text,
)
from tests.documents.states import in_force

VECTORS = json.loads((Path(__file__).parent.parent / "vectors" / "legal-dates.json").read_text())
LIVES = {one["id"]: one for one in VECTORS["lifecycle_vectors"]}
HAPPENED = {
    "appeal_brought": "appealed",
    "ftt_allows_appeal": "quashed",
    "ut_allows_commissioner_appeal_and_remits": "remitted",
    "court_disapplies_urgency": "urgency_lifted",
}
"""How the vectors call what happened."""


def instant_of(day: str) -> str:
    return day if "T" in day else f"{day}T12:00:00Z"


@pytest.mark.parametrize("name", ["L01", "L02"])
def test_the_lives_of_the_vectors(name: str) -> None:
    events = LIVES[name]["events"]
    life = [
        (HAPPENED[one["event"]], instant_of(one["at"]))
        for one in events
        if one["event"] in HAPPENED
    ]
    urgent = any(one.get("urgent") for one in events)
    changes = URGENT if urgent else {}
    found = notice(*life, served=instant_of(events[0]["at"]), **changes)
    states = [standing(found, parse_instant(instant_of(one["at"]))).state for one in events]
    assert states == [one["state"] for one in events]


def test_without_an_appeal_the_days_are_those_of_the_vectors() -> None:
    """V21 to V23: the window of 28 days, 3 months to stop, 6 months to delete."""
    expected = LIVES["L01"]["events"][0]["effective_deadline"]
    found = at("2022-06-01T00:00:00Z")
    assert found.state == "APPEAL_WINDOW"
    assert days(found) == {
        "stop": ("2022-06-16", expected["stop"]),
        "delete": ("2022-06-16", expected["delete"]),
    }
    end = window_end(found.notice)
    assert end is not None
    assert last_day(end, LONDON).isoformat() == "2022-06-15"
    assert standing(found.notice, Instant(end - 1)).state == "APPEAL_WINDOW"
    assert standing(found.notice, end).state == "IN_FORCE"


def test_an_appeal_leaves_nothing_ordered_and_no_deadline() -> None:
    found = at("2022-07-01T00:00:00Z", APPEALED)
    assert (found.state, found.ordered) == ("SUSPENDED", ())


def test_what_happened_later_is_not_known_before() -> None:
    before = at("2022-06-14T11:59:59Z", APPEALED, DISMISSED)
    assert before.state == "APPEAL_WINDOW"
    assert days(before) == days(at("2022-06-14T11:59:59Z"))


@pytest.mark.parametrize("decision", ["dismissed", "appeal_withdrawn"])
def test_after_a_decision_time_begins_anew_from_it(decision: str) -> None:
    found = at("2022-11-02T00:00:00Z", APPEALED, (decision, "2022-11-01T12:00:00Z"))
    assert found.state == "IN_FORCE"
    # 1 February 2023 is a Wednesday, 1 May a bank holiday.
    assert {name: last for name, (_, last) in days(found).items()} == {
        "stop": "2023-02-01",
        "delete": "2023-05-02",
    }
    assert {step.not_before for step in found.ordered} == {parse_instant("2022-11-01T12:00:00Z")}


def test_an_appeal_withdrawn_within_the_window_does_not_end_the_window() -> None:
    """DPA 2018 s.150(6): nothing before the time to appeal has ended, whoever appealed first."""
    life = (("appealed", "2022-05-20T12:00:00Z"), ("appeal_withdrawn", "2022-05-25T12:00:00Z"))
    found = at("2022-06-01T00:00:00Z", *life)
    assert {step.not_before for step in found.ordered} == {window_end(found.notice)}


@pytest.mark.parametrize("what", ["quashed", "substituted", "cancelled"])
def test_what_is_set_aside_orders_nothing(what: str) -> None:
    found = at("2023-01-01T00:00:00Z", APPEALED, (what, "2022-12-01T12:00:00Z"))
    assert (found.state, found.ordered) == (what.upper(), ())


def test_what_is_complied_with_stays_forbidden() -> None:
    found = at("2023-01-01T00:00:00Z", ("complied", "2022-12-01T12:00:00Z"))
    assert found.state == "COMPLIED"
    assert [step.step_id for step in found.ordered] == ["stop", "delete"]


def test_a_remitted_notice_is_suspended_until_it_is_decided() -> None:
    life = (
        APPEALED,
        ("quashed", "2023-10-17T12:00:00Z"),
        ("remitted", "2025-10-07T12:00:00Z"),
        ("dismissed", "2026-10-01T12:00:00Z"),
    )
    assert at("2026-01-01T00:00:00Z", *life).state == "SUSPENDED"
    found = at("2026-10-02T00:00:00Z", *life)
    assert found.state == "IN_FORCE"
    assert days(found)["delete"][1] == "2027-04-01"


def test_an_appeal_that_does_not_suspend_changes_nothing_and_a_stay_does() -> None:
    life = (("appealed", "2021-11-03T00:00:00Z"), ("stayed", "2021-12-01T00:00:00Z"))
    changes = {
        "authority": "AU-OAIC",
        "served": "2021-10-14T00:00:00Z",
        "steps": "steps:\n  - {id: destroy, action: delete, after: service, within: P90D}\n",
    }
    appealed = at("2021-11-04T00:00:00Z", *life, **changes)
    assert appealed.state == "IN_FORCE"
    [step] = appealed.ordered
    assert last_day(step.complete_by, "Australia/Sydney").isoformat() == "2022-01-12"  # V24
    assert at("2021-12-02T00:00:00Z", *life, **changes).ordered == ()
    ended = at("2022-03-01T00:00:00Z", *life, ("stay_ended", "2022-02-01T00:00:00Z"), **changes)
    assert [one.not_before for one in ended.ordered] == [parse_instant("2022-02-01T00:00:00Z")]


def test_an_urgent_notice_leaves_24_hours_and_no_appeal_suspends_it() -> None:
    """Vector H01: counted from the next full hour, across the change of clocks."""
    changes = {"served": "2026-03-28T10:20:00Z"} | URGENT
    life = (("appealed", "2026-03-28T12:00:00Z"),)
    assert at("2026-03-29T10:59:59Z", *life, **changes).state == "ISSUED"
    found = at("2026-03-29T11:00:00Z", *life, **changes)
    assert found.state == "IN_FORCE"
    assert {one.not_before for one in found.ordered} == {parse_instant("2026-03-29T11:00:00Z")}


def test_urgency_lifted_without_an_appeal_lets_the_window_run() -> None:
    changes = {"served": "2026-03-28T10:20:00Z"} | URGENT
    found = at("2026-04-03T00:00:00Z", ("urgency_lifted", "2026-04-02T12:00:00Z"), **changes)
    assert found.state == "APPEAL_WINDOW"
    assert {one.not_before for one in found.ordered} == {window_end(found.notice)}


KEPT = STEPS.replace("within: P3M", "within: P3M, while_suspended: keep")


def test_what_was_restricted_may_stay_so_while_the_notice_is_suspended() -> None:
    found = at("2022-08-01T00:00:00Z", BITTEN, steps=KEPT)
    assert found.state == "SUSPENDED"
    assert [step.step_id for step in found.ordered] == ["stop"]


def test_what_had_not_come_into_force_is_not_kept() -> None:
    assert at("2022-08-01T00:00:00Z", APPEALED, steps=KEPT).ordered == ()


def test_what_was_let_go_when_it_was_quashed_is_not_restricted_again_when_it_is_remitted() -> None:
    life = (BITTEN, ("quashed", "2023-10-17T12:00:00Z"), ("remitted", "2025-10-07T12:00:00Z"))
    assert at("2026-01-01T00:00:00Z", *life, steps=KEPT).ordered == ()


STAYED = ("stayed", "2022-07-02T12:00:00Z")
STAY_ENDED = ("stay_ended", "2022-08-01T12:00:00Z")
QUASHED = ("quashed", "2023-10-17T12:00:00Z")


@pytest.mark.parametrize(
    ("life", "states"),
    [
        # Whatever else suspends it goes on suspending it.
        ([BITTEN, STAYED, STAY_ENDED, DISMISSED], "SUSPENDED SUSPENDED SUSPENDED IN_FORCE"),
        (
            [BITTEN, STAYED, DISMISSED, ("stay_ended", "2022-12-01T12:00:00Z")],
            "SUSPENDED SUSPENDED SUSPENDED IN_FORCE",
        ),
        # The authority's own appeal revives nothing; what is remitted is decided anew.
        (
            [
                BITTEN,
                QUASHED,
                ("appealed", "2023-11-01T12:00:00Z"),
                ("dismissed", "2024-01-01T12:00:00Z"),
            ],
            "SUSPENDED QUASHED QUASHED QUASHED",
        ),
        (
            [
                BITTEN,
                QUASHED,
                ("appealed", "2023-11-01T12:00:00Z"),
                ("remitted", "2025-10-07T12:00:00Z"),
            ],
            "SUSPENDED QUASHED QUASHED SUSPENDED",
        ),
        ([("complied", "2022-07-01T12:00:00Z"), STAYED], "COMPLIED SUSPENDED"),
    ],
)
def test_each_state_follows_from_all_that_has_happened(
    life: list[tuple[str, str]], states: str
) -> None:
    found = notice(*life)
    assert [str(standing(found, one.at).state) for one in found.life] == states.split()


def test_a_remitted_notice_stays_suspended_whatever_its_authority() -> None:
    life = [
        ("quashed", "2022-10-01T12:00:00Z"),
        ("remitted", "2022-11-01T12:00:00Z"),
        ("stayed", "2022-11-02T12:00:00Z"),
        ("stay_ended", "2022-11-03T12:00:00Z"),
        ("dismissed", "2022-12-01T12:00:00Z"),
    ]
    found = notice(*life, authority="FR-CNIL")
    assert [str(standing(found, one.at).state) for one in found.life] == [
        "QUASHED",
        "SUSPENDED",
        "SUSPENDED",
        "SUSPENDED",
        "IN_FORCE",
    ]


def test_before_it_is_served_a_notice_orders_nothing() -> None:
    before = at("2022-05-18T11:59:59Z")
    assert (before.state, before.ordered) == ("PRELIMINARY", ())
    assert at(SERVED).state == "APPEAL_WINDOW"
    known = in_force(text(), now=parse_instant("2022-05-18T11:59:59Z"))
    assert known.until == parse_instant(SERVED)


def test_of_an_authority_that_is_not_known_time_counts_from_service() -> None:
    changes = {
        "authority": "AT-DSB",
        "served": "2026-03-28T10:20:00Z",
        "steps": "steps:\n  - {id: stop, action: restrict, after: service, within: P3D}\n",
    }
    [step] = at("2026-04-01T00:00:00Z", **changes).ordered
    assert (step.not_before, step.complete_by) == (
        parse_instant("2026-03-28T10:20:00Z"),
        parse_instant("2026-04-01T00:00:00Z"),
    )
    [urgent] = at("2026-04-01T00:00:00Z", more="urgent: yes\n", **changes).ordered
    assert urgent.not_before == parse_instant("2026-03-29T11:00:00Z")


def test_after_a_stay_a_notice_that_waits_for_no_appeal_is_in_force_at_once() -> None:
    life = (("stayed", "2021-10-20T00:00:00Z"), ("stay_ended", "2021-10-25T00:00:00Z"))
    changes = {
        "authority": "AU-OAIC",
        "served": "2021-10-14T00:00:00Z",
        "steps": "steps:\n  - {id: destroy, action: delete, after: service, within: P90D}\n",
    }
    [step] = at("2021-10-26T00:00:00Z", *life, **changes).ordered
    assert step.not_before == parse_instant("2021-10-25T00:00:00Z")


def test_what_comes_into_force_when_it_is_suspended_is_kept() -> None:
    end = window_end(notice())
    assert end is not None
    found = at("2022-08-01T00:00:00Z", ("appealed", format_instant(end)), steps=KEPT)
    assert [step.step_id for step in found.ordered] == ["stop"]


# -- over time -----------------------------------------------------------------------------------


def test_what_is_in_force_changes_by_itself_when_something_happens_to_a_notice() -> None:
    later = text(APPEALED)
    before = in_force(later, now=parse_instant("2022-06-01T00:00:00Z"))
    assert before.until == parse_instant(APPEALED[1])
    after = in_force(later, now=before.until)
    assert after.until is None
    assert before != after
    assert [found.state for found in after.notices] == ["SUSPENDED"]


def test_two_looks_between_which_nothing_happened_are_of_the_same() -> None:
    """Ledgers and governors compare what they obey; when each looked must not matter."""
    window = in_force(text(), now=parse_instant("2022-06-01T00:00:00Z"))
    force = in_force(text(), now=parse_instant("2022-07-01T00:00:00Z"))
    assert window == force
