"""Documents in plain words, compared whole."""

import pytest

from pipeline.documents import in_words, load
from tests.documents.texts import EXAMPLES, control, hold, notice, policy, rule


def said(text: str) -> list[str]:
    return list(in_words(load(text).document))


def test_the_example_policy_in_plain_words() -> None:
    assert said((EXAMPLES / "policy.yaml").read_text()) == [
        "Policy acme, version 1; days are those of Europe/London.",
        (
            "Records of people residing in GB used for search functionalities of the category "
            "facial print or picture are deleted at most 6 months after collection (UK GDPR art"
            " 5(1)(e)); above 10,000 a day it stops and asks."
        ),
        (
            "Records of people residing in US-IL of the category facial print are deleted at "
            "most 3 years after the last interaction (740 ILCS 14 (BIPA) s.15(a)); above 1% of "
            "all records a day it stops and asks."
        ),
        (
            "Records of people residing in EU held on the basis of consent would be deleted "
            "(observed only) at most 7 days after the withdrawal of consent (GDPR art "
            "17(1)(b))."
        ),
        (
            "Records of people residing in GB used for counter money laundering are not deleted"
            " until 5 years after the end of the relationship (Money Laundering Regulations "
            "2017 reg 40(3)); past their maximum they are restricted; deletions by the law of "
            "others than GB go on."
        ),
        (
            "Records of people residing in GB used for counter money laundering are deleted at "
            "most 5 years after the end of the relationship (Money Laundering Regulations 2017 "
            "reg 40(5)); above 10,000 a day it stops and asks."
        ),
        (
            "Records of people residing in GB used for counter money laundering are deleted at "
            "most 6 years after the last interaction (UK GDPR art 5(1)(e)); above 10,000 a day "
            "it stops and asks."
        ),
        (
            "Residency is judged by the method acme/1: RESIDENT from 0.8 or two groups of 0.5 "
            "each, LIKELY from 0.35; its own weights for ip_geolocation, profile_location."
        ),
        (
            "Where residency is unknown, every maximum that names a residency applies: the "
            "strictest limit holds."
        ),
        "All other records are deleted at most 30 days after collection (UK GDPR art 5(1)(e)).",
        "Store desk tells recipients of what a notice or request erases.",
        (
            "Store images is told 1 day before, at most 6,000 deletions a minute; without an "
            "answer it is told again after 12 hours."
        ),
        "Store vectors is told 12 hours before; without an answer it is told again after 1 day.",
    ]


def test_a_policy_of_a_default_only_speaks_of_all_records() -> None:
    assert said(policy(more="stores: {images: {lead: PT0S}}\n")) == [
        "Policy acme, version 1; days are those of Europe/London.",
        "All records are deleted at most 30 days after collection (UK GDPR art 5(1)(e)).",
        "Store images is told no time before; without an answer it is told again after 1 day.",
    ]


@pytest.mark.parametrize(
    ("match", "words"),
    [
        ("{}", "All records"),
        ("{residency: UNKNOWN}", "Records of people of unknown residency"),
        ("{residency: [GB, UNKNOWN]}", "Records of people residing in GB or of unknown residency"),
        ("{residency: [FR, DE, GB]}", "Records of people residing in DE, FR or GB"),
        ("{present: GB}", "Records of people who are in GB"),
        ("{present: [GB, EU]}", "Records of people who are in EU or GB"),
        ("{category: [pd:IPAddress]}", "Records of the category IP address"),
        (
            "{lawful_basis: [eu-gdpr:A6-1-f, eu-gdpr:A9-2-a]}",
            "Records held on the basis of GDPR art 6(1)(f) or GDPR art 9(2)(a)",
        ),
        (
            "{lawful_basis: 'eu-gdpr:A6-1-e-public-interest'}",
            "Records held on the basis of GDPR art 6(1)(e) (public interest)",
        ),
        ("{lawful_basis: 'eu-gdpr:Consent'}", "Records held on the basis of consent (GDPR)"),
        ("{source: [web, api]}", "Records from api or web"),
    ],
)
def test_a_match_is_said_in_words(match: str, words: str) -> None:
    assert said(policy(rule(match=match)))[1].startswith(f"{words} are deleted at most 6 months")


def test_a_minimum_says_until_when_records_are_kept() -> None:
    keep = rule(match="{category: pd:Name}", clock="relationship_ended", limit="P6Y")

    assert said(policy(keep.replace("at_most: 100", "bound: minimum")))[1] == (
        "Records of the category name are not deleted until 6 years after the end of the "
        "relationship (UK GDPR art 5(1)(e)); past their maximum they are restricted."
    )


@pytest.mark.parametrize(
    ("more", "ending"),
    [
        ("at_most: 2%", "; above 2% of all records a day it stops and asks."),
        ("at_most: 0.5%", "; above 0.5% of all records a day it stops and asks."),
        ("at_most: 10000", "; above 10,000 a day it stops and asks."),
        ("at_most: 0", "; above 0 a day it stops and asks."),
        ("", "."),
    ],
)
def test_a_rule_says_above_what_it_stops(more: str, ending: str) -> None:
    assert said(policy(rule(more=more)))[1] == (
        "Records of people residing in GB are deleted at most 6 months after collection "
        f"(UK GDPR art 5(1)(e)){ending}"
    )


def test_a_rule_that_only_observes_never_stops() -> None:
    assert said(policy(rule(mode="observe", more="at_most: 2%")))[1].endswith(
        "(UK GDPR art 5(1)(e))."
    )


@pytest.mark.parametrize(
    ("settings", "told", "again"),
    [
        ("{}", "1 day before", "1 day"),
        ("{lead: PT90M, answer_within: PT30M}", "1 hour and 30 minutes before", "30 minutes"),
        ("{per_minute: 6000}", "1 day before, at most 6,000 deletions a minute", "1 day"),
        ("{lead: PT0S, answer_within: P1W}", "no time before", "7 days"),
    ],
)
def test_a_store_says_when_it_is_told_how_fast_and_when_again(
    settings: str, told: str, again: str
) -> None:
    assert said(policy(more=f"stores: {{images: {settings}}}\n"))[-1] == (
        f"Store images is told {told}; without an answer it is told again after {again}."
    )


def test_a_policy_says_when_it_takes_effect() -> None:
    assert said(policy(more="effective_from: 2027-01-01T00:00:00+01:00\n"))[0] == (
        "Policy acme, version 1; days are those of Europe/London; it takes effect at "
        "2026-12-31T23:00:00Z."
    )


@pytest.mark.parametrize(
    ("thresholds", "resident", "agreeing", "likely"),
    [
        ("", "0.8", "0.5", "0.35"),
        (", resident_from: 0.85, agreeing_from: 0.575", "0.85", "0.575", "0.35"),
        (", resident_from: 1, likely_from: 0.001", "1", "0.5", "0.001"),
    ],
)
def test_a_method_of_its_own_is_said_with_its_thresholds(
    thresholds: str, resident: str, agreeing: str, likely: str
) -> None:
    assert said(policy(more=f"residency: {{method: acme/2{thresholds}}}\n"))[1] == (
        f"Residency is judged by the method acme/2: RESIDENT from {resident} or two groups of "
        f"{agreeing} each, LIKELY from {likely}."
    )


UNSURE = "Where that is only likely, they are restricted at once and deleted by the deadline; where"


def test_a_notice_says_what_is_ordered_and_when() -> None:
    assert said(notice(more="collected_before: 2022-05-18T00:00:00Z\n")) == [
        (
            "Notice ico, version 1, of GB-ICO (UK GDPR art 5(1)(e)): in force; "
            "it reaches what was derived, but no models."
        ),
        (
            "Records of people residing in GB, collected before 2022-05-18T00:00:00Z, are to be "
            "deleted between 2022-06-15T23:00:00Z and 2022-12-16T00:00:00Z (step delete)."
        ),
        f"{UNSURE} it is not concluded but possible, they are restricted until it is.",
    ]


@pytest.mark.parametrize(
    ("match", "more", "last"),
    [
        ("{residency: [GB]}", "", "restricted until it is."),
        ("{present: [GB]}", "", "restricted until it is."),
        ("{residency: [GB]}", "unknown: leave\n", "left as they are."),
        ("{present: [GB]}", "unknown: leave\n", "left as they are."),
        ("{category: pd:Name}", "", None),
    ],
)
def test_a_notice_says_what_becomes_of_those_it_may_mean(
    match: str, more: str, last: str | None
) -> None:
    sentences = said(notice(match=match, more=more))

    opening = f"{UNSURE} it is not concluded but possible, they are "
    assert sentences[2:] == ([] if last is None else [opening + last])


def test_a_notice_that_deletes_nothing_does_not_speak_of_deletion() -> None:
    only_restricts = notice().replace("action: delete", "action: restrict")

    assert "deleted" not in " ".join(said(only_restricts))


def test_a_withdrawn_notice_orders_nothing() -> None:
    assert said(notice(more="state: withdrawn\n")) == [
        "Notice ico, version 1, of GB-ICO (UK GDPR art 5(1)(e)): withdrawn; it orders nothing."
    ]


def test_a_hold_counts_what_it_names_and_never_writes_an_id() -> None:
    text = hold("records: [r-1]\nsubjects: [s-1, s-2]\nmatch: {source: web}")

    assert said(text) == [
        (
            "Hold h-1, version 1: until it is released, 1 named record, and the records of 2 named "
            "subjects, and records from web are not deleted (litigation)."
        )
    ]
    assert "keeps nothing" in said(hold("", state="released"))[0]


def test_a_control_says_what_it_does_to_its_scope() -> None:
    assert said(control("pause")) == ["Control version 1 pauses all deletions (a reason)."]
    assert said(control("resume", scope="store:images", version=2)) == [
        "Control version 2 resumes store:images (a reason)."
    ]
    assert said(control("exclude", scope="partition:t/0")) == [
        "Control version 1 lets deadlines pass without waiting for partition:t/0 (a reason)."
    ]
    said_of_it = said(control("accept", scope="loss:t/0@17"))[0]
    assert said_of_it.endswith("go on after, the loss of messages of t/0@17 (a reason).")


def test_an_approval_says_what_it_approves() -> None:
    assert said(control("approve", scope="document:policies/acme@2:0a1b2c3d4e5f")) == [
        "Control version 1 approves document:policies/acme@2:0a1b2c3d4e5f (a reason)."
    ]
    scope = "simulation:policies/acme@2:0a1b2c3d4e5f/6a7b8c9d0e1f"
    assert said(control("withdraw", scope=scope)) == [
        f"Control version 1 takes back the approval of {scope} (a reason)."
    ]
