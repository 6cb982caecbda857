"""Requests: their deadlines are those of the worked legal dates; what cannot be so is refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.documents import InvalidDocument, Request, in_words, load
from pipeline.instants import format_instant, parse_instant

VECTORS: dict[str, Any] = {
    vector["id"]: vector
    for vector in json.loads(
        (Path(__file__).parents[1] / "vectors" / "legal-dates.json").read_text(encoding="utf-8")
    )["day_vectors"]
}
BY_LAW = {
    "Europe/London": "law: GB-GDPR",
    "Europe/Paris": "law: EU-GDPR\nzone: Europe/Paris",
    "America/Los_Angeles": "law: US-CA-CCPA",
}


def text(more: str = "", *, law: str = "law: GB-GDPR", state: str = "accepted") -> str:
    received = "" if "received:" in more else "received: 2026-09-03T10:00:00Z\n"
    whose = "" if "subjects:" in more or "records:" in more else "subjects: [s-1]\n"
    kind = "" if "kind:" in more else "kind: erasure\n"
    return f"request: dsr-1\nversion: 1\nstate: {state}\n{law}\n{kind}{received}{whose}{more}\n"


def made(more: str = "", **options: str) -> Request:
    document = load(text(more, **options)).document
    assert isinstance(document, Request)
    return document


def refused(more: str = "", **options: str) -> str:
    with pytest.raises(InvalidDocument) as refusal:
        load(text(more, **options))
    return str(refusal.value)


@pytest.mark.parametrize(
    "name", ["V01", "V02", "V05", "V06", "V08", "V09", "V10", "V11", "V12", "V13", "V40"]
)
def test_the_time_to_answer_is_that_of_the_worked_dates(name: str) -> None:
    vector = VECTORS[name]
    start = vector["start"]
    received = start if "T" in start else f"{start}T12:00:00Z"
    more = f'received: "{received}"\ncalendar: {vector["calendar"]}\n'
    if vector["period"]["value"] == 3:
        more += f'extended: {{at: "{received}", reason: complex}}\n'
    found = made(more, law=BY_LAW[vector["tz"]])
    assert format_instant(found.deadline) == vector["expected_end_instant_utc"]


def test_the_time_runs_from_when_the_person_is_identified_where_the_law_says_so() -> None:
    """UK GDPR art 12A; by 11 CCR 7021(b) verification does not stop the clock."""
    later = made("identified: 2026-09-20T10:00:00Z")
    assert later.deadline > made().deadline
    said = refused("identified: 2026-09-20T10:00:00Z", law="law: US-CA-CCPA")
    assert "runs from receipt" in said


def test_the_right_is_that_of_the_law_and_the_kind() -> None:
    assert made().citation.text == "UK GDPR art 17(1)"
    assert made("kind: objection").citation.text == "UK GDPR art 21(1)"
    assert made(law="law: US-CA-CCPA").citation.jurisdiction == "US-CA"
    assert "not known to give a right" in refused("kind: objection", law="law: US-CA-CCPA")
    assert made("kind: access").citation.text == "UK GDPR art 15(1)"
    assert "1798.110" in made("kind: access", law="law: US-CA-CCPA").citation.text
    own = "clock: {within: P30D}\nzone: America/Toronto\ncitation: {law: PIPEDA, article: '4.9'}"
    assert made(law=own).citation.text == "PIPEDA art 4.9"


@pytest.mark.parametrize(
    ("kind", "state", "orders"),
    [
        ("erasure", "received", ""),
        ("erasure", "accepted", "delete"),
        ("erasure", "withdrawn", ""),
        ("objection", "received", "restrict"),
        ("objection", "accepted", "delete"),
        ("consent_withdrawal", "received", "restrict"),
        ("consent_withdrawal", "accepted", "delete"),
        ("restriction", "received", "restrict"),
        ("restriction", "accepted", "restrict"),
        ("restriction", "withdrawn", ""),
        ("access", "received", ""),
        ("access", "accepted", ""),
    ],
)
def test_what_follows_from_kind_and_state(kind: str, state: str, orders: str) -> None:
    assert made(f"kind: {kind}", state=state).orders == orders


def test_a_refused_request_orders_nothing_and_says_why() -> None:
    found = made("refused: [{code: LegalClaims, note: a claim is pending}]", state="refused")
    assert found.orders == ""
    objection = "kind: objection\nrefused: [{code: CompellingGrounds}]\n"
    assert made(objection, state="refused").orders == "restrict", "until the person is told"
    told = made(f"{objection}answered: 2026-09-20T10:00:00Z", state="refused")
    assert told.orders == ""
    assert found.is_open, "the person has not been told"
    assert not made("answered: 2026-09-20T10:00:00Z").is_open


def test_access_keeps_until_the_person_is_answered_and_restriction_while_it_stands() -> None:
    """GDPR art 15 and 18(2); to destroy what was asked for is an offence (DPA 2018 s.173)."""
    told = "answered: 2026-09-20T10:00:00Z"
    why = "refused: [{code: Other, note: manifestly unfounded (art 12(5))}]"
    for state in ("received", "accepted"):
        assert made("kind: access", state=state).keeps
        assert not made(f"kind: access\n{told}", state=state).keeps
    assert not made(f"kind: access\n{why}", state="refused").keeps
    assert not made("kind: access", state="withdrawn").keeps
    assert made(f"kind: restriction\n{told}").keeps
    assert not made("kind: erasure").keeps


def test_erasure_means_what_was_collected_before_it_came_unless_it_says_otherwise() -> None:
    assert made().collected_before == made().received
    assert made("collected_before: none").collected_before is None
    assert made("kind: access").collected_before == made().received
    assert made("kind: objection").collected_before is None
    day = "2026-09-10T00:00:00Z"
    assert made(f"collected_before: {day}").collected_before == parse_instant(day)


@pytest.mark.parametrize(
    ("more", "options", "part"),
    [
        ("subjects: []\n", {}, "`subjects` is an empty list"),
        ("kind: portability", {}, "`kind`: `portability` is not in the vocabulary"),
        ("", {"state": "done"}, "`state`: `done`"),
        ("", {"law": "law: GB-GDRP"}, "did you mean `GB-GDPR`"),
        ("", {"law": ""}, "how long there is to answer is not said"),
        ("", {"law": "law: EU-GDPR"}, "`zone` is missing"),
        ("", {"law": "law: EU-GDPR\nzone: Europe/Paris"}, "`calendar` is missing"),
        ("", {"law": "clock: {within: P30D}\nzone: UTC"}, "which right the request rests on"),
        ("received: 2026-09-03", {}, "`received`"),
        ("match: {residency: [GB]}", {}, "a request is about a person"),
        ("match: {}", {}, "`match` of a request names nothing"),
        ("", {"state": "refused"}, "nothing says why"),
        ("refused: [{code: LegalClaims}]", {}, "it refuses the whole request"),
        ("refused: [{code: Because, records: [r1]}]", {}, "`code`: `Because`"),
        ("refused: [{code: Other, records: [r1]}]", {}, "add `note:`"),
        ("refused: [{code: LegalClaims, match: {}}]", {}, "`match` of a refusal names nothing"),
        ("answered: 2026-09-01T10:00:00Z", {}, "`answered` lies before `received`"),
        ("extended: {at: 2026-10-30T10:00:00Z, reason: x}", {}, "after it had ended"),
        (
            "extended: {at: 2026-09-05T10:00:00Z, reason: x}",
            {"law": "clock: {within: P30D}\nzone: UTC\ncitation: {law: X, article: '1'}"},
            "how long the extended time is",
        ),
        ("calendar: XX", {}, "`calendar`"),
        ("zone: Mars/Base", {}, "`zone`"),
        ("received: 9998-12-30T00:00:00Z", {}, "cannot be worked out"),
    ],
)
def test_what_cannot_be_so_is_refused(more: str, options: dict[str, str], part: str) -> None:
    assert part in refused(more, **options)


def test_it_is_told_in_words_without_saying_whose_it_is() -> None:
    more = (
        "subjects: [jane-doe-1]\nmatch: {purpose: [dpv:Marketing]}\n"
        "refused: [{code: LegalClaims, records: [secret-9], note: a claim is pending}]\n"
        "extended: {at: 2026-09-20T10:00:00Z, reason: complex}\n"
    )
    assert in_words(made(more)) == (
        (
            "Request dsr-1, version 1 (UK GDPR art 17(1)): 1 named person asks for erasure; it is "
            "accepted."
        ),
        (
            "It was received at 2026-09-03T10:00:00Z, to be answered before 2026-12-04T00:00:00Z, "
            "which has been extended."
        ),
        (
            "Of their data, records used for marketing collected before 2026-09-03T10:00:00Z: it "
            "is deleted at once; stores must have done it before 2026-12-04T00:00:00Z."
        ),
        "Refused for 1 named record: LegalClaims (a claim is pending).",
    )


def test_of_access_is_told_that_it_keeps_until_it_is_answered() -> None:
    kept = (
        "Of their data collected before 2026-09-03T10:00:00Z: nobody deletes it before the person"
    )
    asks, _, follows = in_words(made("kind: access"))
    assert asks.endswith("(UK GDPR art 15(1)): 1 named person asks for access; it is accepted.")
    assert follows == f"{kept} was answered."
    told = in_words(made("kind: access\nanswered: 2026-09-20T10:00:00Z"))
    assert told[-1] == "While it stands so, nothing is commanded."
    (*_, later) = in_words(made("kind: access\ncollected_before: none"))
    assert later.startswith("Of their data, what is collected later too: nobody deletes it")


def test_instants_that_lie_ahead_and_a_time_that_has_passed_are_warned_of() -> None:
    now = parse_instant("2026-09-10T00:00:00Z")
    ahead = "received: 2099-01-01T00:00:00Z\nanswered: 2099-02-01T00:00:00Z\n"
    warned = load(text(ahead), now=now).problems
    assert [one.name for one in warned] == ["future-instant"] * 3
    assert load(text(), now=now).problems == ()
    (late,) = load(text(), now=parse_instant("2027-01-01T00:00:00Z")).problems
    assert late.name == "deadline-passed"
