"""What a notice orders at an instant, after all that has happened to it by then."""

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.documents import (
    InvalidDocument,
    Notice,
    Problem,
    Standing,
    in_words,
    load,
    standing,
)
from pipeline.documents.authorities import AUTHORITIES, appeal_of
from pipeline.documents.life import window_end
from pipeline.instants import DAY, SECOND, Instant, parse_instant
from pipeline.periods import last_day
from tests.documents.states import GB, held, in_force, record, resident

VECTORS = json.loads((Path(__file__).parent.parent / "vectors" / "legal-dates.json").read_text())
LIVES = {one["id"]: one for one in VECTORS["lifecycle_vectors"]}
HAPPENED = {
    "appeal_brought": "appealed",
    "ftt_allows_appeal": "quashed",
    "ut_allows_commissioner_appeal_and_remits": "remitted",
    "court_disapplies_urgency": "urgency_lifted",
}
"""How the vectors call what happened."""
CITATION = "{law: DPA 2018, article: s.149, url: https://www.legislation.gov.uk/}"
STEPS = """steps:
  - {id: stop, action: restrict, after: appeal_period, within: P3M}
  - {id: delete, action: delete, after: appeal_period, within: P6M}
"""
SERVED = "2022-05-18T12:00:00Z"
LONDON = "Europe/London"


def text(
    *life: tuple[str, str],
    served: str | None = SERVED,
    steps: str = STEPS,
    authority: str = "GB-ICO",
    more: str = "",
) -> str:
    """Return a notice of the ICO with a life."""
    happened = "".join(f"  - {{happened: {what}, at: {at}}}\n" for what, at in life)
    return (
        f"notice: ico\nversion: 1\nauthority: {authority}\ncitation: {CITATION}\n"
        f"match: {{residency: [GB]}}\n{f'served: {served}' if served else ''}\n"
        f"{f'life:{chr(10)}{happened}' if life else ''}{more}{steps}"
    )


def notice(*life: tuple[str, str], **changes: Any) -> Notice:
    document = load(text(*life, **changes)).document
    assert isinstance(document, Notice)
    return document


def at(when: str, *life: tuple[str, str], **changes: Any) -> Standing:
    """Return where a notice with this life stands."""
    return standing(notice(*life, **changes), parse_instant(when))


def problems(*life: tuple[str, str], **changes: Any) -> list[Problem]:
    with pytest.raises(InvalidDocument) as refusal:
        notice(*life, **changes)
    return list(refusal.value.problems)


def days(found: Standing) -> dict[str, tuple[str, str]]:
    """Return the first and last local day of each order that stands."""
    return {
        step.step_id: (
            last_day(Instant(step.not_before + DAY), LONDON).isoformat(),
            last_day(step.complete_by, LONDON).isoformat(),
        )
        for step in found.ordered
    }


APPEALED = ("appealed", "2022-06-14T12:00:00Z")
DISMISSED = ("dismissed", "2022-11-01T12:00:00Z")
BITTEN = ("appealed", "2022-07-01T12:00:00Z")


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
    urgent = "urgent: yes\n" if any(one.get("urgent") for one in events) else ""
    found = notice(*life, served=instant_of(events[0]["at"]), more=urgent)
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
    changes = {"served": "2026-03-28T10:20:00Z", "more": "urgent: yes\n"}
    life = (("appealed", "2026-03-28T12:00:00Z"),)
    assert at("2026-03-29T10:59:59Z", *life, **changes).state == "ISSUED"
    found = at("2026-03-29T11:00:00Z", *life, **changes)
    assert found.state == "IN_FORCE"
    assert {one.not_before for one in found.ordered} == {parse_instant("2026-03-29T11:00:00Z")}


def test_urgency_lifted_without_an_appeal_lets_the_window_run() -> None:
    changes = {"served": "2026-03-28T10:20:00Z", "more": "urgent: yes\n"}
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


@pytest.mark.parametrize(
    ("life", "number", "why"),
    [
        ([("appealed", "2022-05-18T11:59:59Z")], 0, "before the notice was served"),
        ([DISMISSED], 0, "no appeal was pending"),
        ([("appeal_withdrawn", "2022-06-01T00:00:00Z")], 0, "no appeal was pending"),
        ([APPEALED, BITTEN], 1, "pending already"),
        ([("remitted", "2025-10-07T12:00:00Z")], 0, "not been quashed"),
        ([("stay_ended", "2022-06-01T00:00:00Z")], 0, "not stayed"),
        ([("urgency_lifted", "2022-06-01T00:00:00Z")], 0, "not urgent"),
        ([APPEALED, ("complied", "2022-07-01T00:00:00Z")], 1, "nothing had to be complied with"),
        ([("cancelled", "2022-06-01T00:00:00Z"), APPEALED], 1, "had ended"),
        ([DISMISSED, APPEALED], 1, "entry 2 happened before entry 1"),
    ],
)
def test_a_life_that_cannot_be_is_refused(
    life: list[tuple[str, str]], number: int, why: str
) -> None:
    [problem] = problems(*life)
    assert problem.where == f"life[{number}]"
    assert why in problem.what


WINDOW = (
    "steps:\n  - {id: stop, action: restrict, not_before: NOT_BEFORE, "
    "complete_by: 2022-12-16T00:00:00Z}\n"
)


@pytest.mark.parametrize(
    ("life", "changes", "where", "what"),
    [
        ([], {"served": None}, "steps", "counts from service"),
        ([], {"served": None, "steps": STEPS, "more": "urgent: yes\n"}, "urgent", "from service"),
        ([APPEALED], {"authority": "XX-DPA"}, "authority", "may be appealed is not known"),
        (
            [],
            {"steps": STEPS.replace("appeal_period", "service")},
            "steps[0].after",
            "before the time to appeal ends",
        ),
        (
            [],
            {"steps": WINDOW.replace("NOT_BEFORE", "2022-06-15T22:59:59Z")},
            "steps[0].not_before",
            "lies before 2022-06-15T23:00:00Z",
        ),
        (
            [APPEALED, DISMISSED],
            {"steps": WINDOW.replace("NOT_BEFORE", "2022-06-15T23:00:00Z")},
            "steps[0].not_before",
            "before the decision of 2022-11-01T12:00:00Z",
        ),
        (
            [],
            {"steps": STEPS.replace("P3M", "PT5M"), "more": "urgent: yes\n"},
            "steps[0].within",
            "no time to obey",
        ),
        (
            [],
            {"steps": STEPS.replace("within: P6M", "within: P6M, while_suspended: keep")},
            "steps[1].while_suspended",
            "a deletion is withdrawn",
        ),
        ([], {"steps": STEPS.replace("after: appeal_period, ", "")}, "steps[0]", "two instants"),
        ([], {"steps": ""}, "steps", "`steps` is missing"),
        ([], {"more": "kind: information\n"}, "steps", "orders nothing"),
    ],
)
def test_times_that_cannot_be_are_refused(
    life: list[tuple[str, str]], changes: dict[str, Any], where: str, what: str
) -> None:
    found = problems(*life, **changes)
    assert where in {problem.where for problem in found}
    assert any(what in problem.what for problem in found)


def test_a_window_may_follow_from_a_decision() -> None:
    steps = WINDOW.replace("NOT_BEFORE", "2022-11-01T12:00:00Z")
    assert at("2022-11-02T00:00:00Z", APPEALED, DISMISSED, steps=steps).ordered


def test_an_authority_that_is_not_known_says_how_it_may_be_appealed() -> None:
    more = "appeal: {window: P10D, suspends: no, zone: Europe/Vienna, calendar: AT}\n"
    found = at("2022-07-01T00:00:00Z", APPEALED, authority="AT-DSB", more=more)
    assert found.state == "IN_FORCE"
    end = window_end(found.notice)
    assert end is not None
    assert last_day(end, "Europe/Vienna").isoformat() == "2022-05-30"  # 28 May is a Saturday


@pytest.mark.parametrize("code", AUTHORITIES)
def test_every_authority_has_a_window_and_a_citation(code: str) -> None:
    appeal = appeal_of(code)
    assert appeal is not None
    assert AUTHORITIES[code].citation
    assert appeal.suspends == (code == "GB-ICO")


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


# -- notices that keep ---------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["information", "assessment"])
def test_a_notice_that_asks_for_information_keeps_what_it_means(kind: str) -> None:
    """DPA 2018 s.148: destroying what such a notice asks about is an offence."""
    asked = text(steps="", more=f"kind: {kind}\n")
    now = parse_instant("2022-06-01T00:00:00Z")
    assert held(in_force(asked, now=now), record(), GB) == ["notice:ico"]
    assert held(in_force(asked, now=now), record(), resident("FR")) == []
    ended = text(("cancelled", "2022-06-01T00:00:00Z"), steps="", more=f"kind: {kind}\n")
    assert held(in_force(ended, now=now), record(), GB) == []
    early = Instant(now - SECOND)
    assert held(in_force(ended, now=early), record(), GB) == ["notice:ico"]


def test_a_preliminary_notice_neither_orders_nor_keeps() -> None:
    for more, steps in (("", STEPS), ("kind: information\n", "")):
        found = at("2022-07-01T00:00:00Z", steps=steps, more=f"{more}state: preliminary\n")
        assert (found.state, found.ordered, found.holds) == ("PRELIMINARY", (), False)


# -- in words ------------------------------------------------------------------------------------


def test_a_life_in_words() -> None:
    words = in_words(notice(APPEALED, DISMISSED))
    assert words[0].endswith("in force.")
    assert words[1] == (
        "Served at 2022-05-18T12:00:00Z; the 28 days to appeal end before 2022-06-15T23:00:00Z, "
        "and an appeal suspends it."
    )
    assert words[2] == "At 2022-06-14T12:00:00Z it was appealed: suspended."
    assert words[3] == "At 2022-11-01T12:00:00Z the appeal was dismissed: in force."
    assert "3 months from the decision (step stop)" in words[4]


def test_what_is_suspended_in_words() -> None:
    words = in_words(notice(APPEALED))
    assert words[0].endswith("suspended; it orders nothing.")
    assert words[3].startswith("Were it in force, records of people residing in GB would have")


@pytest.mark.parametrize(
    ("more", "life", "ending"),
    [
        ("", (), "an information notice; until it ends, records of people residing in GB are not"),
        ("", (("complied", "2022-06-01T00:00:00Z"),), "it keeps nothing any more"),
        ("", (("appealed", "2022-06-01T00:00:00Z"),), "an information notice; until it ends"),
        ("", (("cancelled", "2022-06-01T00:00:00Z"),), "it keeps nothing any more"),
        ("state: preliminary\n", (), "preliminary; it orders nothing until it is served"),
    ],
)
def test_a_notice_that_keeps_in_words(
    more: str, life: tuple[tuple[str, str], ...], ending: str
) -> None:
    words = in_words(notice(*life, steps="", more=f"kind: information\n{more}"))
    assert ending in words[0]
