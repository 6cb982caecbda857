"""The duty to tell people that their data is held (GDPR art 14(3)), from policy to command."""

import json
from pathlib import Path

import pytest

from pipeline.documents import Envelope, InvalidDocument, Policy, enveloped, in_words, load
from pipeline.events import Event
from pipeline.instants import Instant, format_instant, parse_instant
from pipeline.ledger.parts import Part
from pipeline.records import Record, applied
from tests.inquiry.build import BEGIN, explained
from tests.ledger.looks import look
from tests.support.build import event, hold, planner_of, policy, rule
from tests.support.drive import Drive, leaves

DUTY = """inform:
  - id: art14
    match: {residency: [GB]}
    within: %s
    citation: {law: UK GDPR, article: "14(3)"}
    mode: %s
"""


def told(*, within: str = "PT10S", mode: str = "enforce", version: int = 1) -> Envelope:
    text = policy(rule(limit="PT100S"), version=version, default="PT200S").text
    return enveloped("policies", text + DUTY % (within, mode), "counsel")


CREATED = event(at=1_000)
CAUSE = "policy:acme/art14"


def test_who_was_told_in_time_is_left_alone() -> None:
    assert leaves(told(), CREATED, event(at=5_000, what="informed")) == []


def test_what_nobody_was_told_of_in_time_is_restricted_until_they_are() -> None:
    story = leaves(told(), CREATED, event(at=20_000, what="informed"))
    assert story == [(11, "RESTRICT", CAUSE), (20, "RELEASE", CAUSE)]


def test_the_first_disclosure_ends_the_time() -> None:
    """GDPR art 14(3)(c)."""
    story = leaves(told(), CREATED, event(at=4_000, what="disclosed"))
    assert story == [(4, "RESTRICT", CAUSE)]
    assert leaves(told(), CREATED, event(at=15_000, what="disclosed")) == [(11, "RESTRICT", CAUSE)]


def test_a_duty_that_is_only_observed_restricts_nothing_and_is_told_of() -> None:
    drive = Drive()
    drive.give(Part(envelopes=(told(mode="observe"),), tick=Instant(1_000)))
    drive.give(Part(events=(CREATED, event("r2", at=1_000))))
    drive.until(10_999)
    assert [item.kind for item in drive.findings] == []
    drive.until(11_000)
    [item] = drive.findings
    assert (item.kind, item.subject, item.occasion) == ("NOT_INFORMED", CAUSE, "1970-01")
    assert drive.commands == []


def test_whom_the_duty_does_not_mean_is_left_and_whom_it_may_mean_is_not() -> None:
    french = event(at=1_000, residency="FR")
    assert leaves(told(), french) == []
    unknown = event(at=1_000, residency=None)
    assert leaves(told(), unknown) == [(11, "RESTRICT", CAUSE)]


def test_a_deletion_that_is_due_comes_all_the_same() -> None:
    story = leaves(told(within="PT99S"), CREATED, until=110)
    assert [one[:2] for one in story] == [(100, "RESTRICT"), (101, "DELETE")]


def test_another_policy_without_the_duty_releases() -> None:
    drive = Drive()
    drive.give(Part(envelopes=(told(),), tick=Instant(1_000)))
    drive.give(Part(events=(CREATED,)))
    drive.until(12_000)
    later = policy(rule(limit="PT100S"), version=2, default="PT200S")
    drive.give(Part(envelopes=(later,), tick=Instant(13_000)))
    assert [c.kind for c in drive.commands] == ["RESTRICT", "RELEASE"]


def test_the_month_of_article_14_is_that_of_the_worked_dates() -> None:
    vectors = json.loads((Path(__file__).parent / "vectors" / "legal-dates.json").read_text())
    (vector,) = [one for one in vectors["day_vectors"] if one["id"] == "V14"]
    at = parse_instant(f"{vector['start']}T12:00:00Z")
    text = policy(rule(limit="P1Y"), default="P1Y").text + DUTY % ("P1M", "enforce")
    text = text.replace("zone: UTC", f"zone: {vector['tz']}", 1)
    planner = planner_of(enveloped("policies", text, "counsel"), now=at)
    (one,) = planner.plan(applied(None, event(at=at))).unmet
    assert format_instant(one.at) == vector["expected_end_instant_utc"]


def test_a_hold_does_not_stop_a_restriction() -> None:
    drive = Drive()
    drive.give(Part(envelopes=(told(), hold(records=("r1",))), tick=Instant(1_000)))
    drive.give(Part(events=(CREATED,)))
    drive.until(12_000)
    assert [c.cause for c in drive.commands] == [CAUSE]


def record(*more: Event) -> Record:
    made = applied(None, event(at=BEGIN))
    for one in more:
        made = applied(made, one)
    return made


@pytest.mark.parametrize(
    ("facts", "mode", "expected"),
    [
        (record(), "enforce", "restricts it from then on until the people are told"),
        (record(), "observe", "observed, not enforced"),
        (record(event(at=2_000, what="informed")), "enforce", "was fulfilled"),
    ],
)
def test_explain_tells_what_came_of_it(facts: Record, mode: str, expected: str) -> None:
    said = explained(facts, told(mode=mode))
    (one,) = [one for one in said.lives[0].considered if one.name == CAUSE]
    assert (one.bound, one.result.startswith(expected)) == ("inform", True)
    deciding = [one.name for one in said.lives[0].considered if one.result == "decides"]
    assert deciding == ["policy:acme/gb-search"], "a duty to inform decides no limit"


def test_looking_ahead_wakes_at_the_deadline() -> None:
    assert look(record(), 2_000, told(mode="observe")).wake == 11_000


def test_it_is_told_in_words_and_its_id_is_its_own() -> None:
    document = load(told(within="P1M").text).document
    assert isinstance(document, Policy)
    assert (
        "Of records of people residing in GB people are told at most 1 month after collection, and "
        "before the data is disclosed; else it is restricted until they are (UK GDPR art 14(3))."
    ) in in_words(document)
    with pytest.raises(InvalidDocument, match="is that of a rule"):
        load(told().text.replace("id: art14", "id: gb-search"))
    with pytest.raises(InvalidDocument, match="`within`"):
        load(told(within="soon").text)
