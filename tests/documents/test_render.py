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
            "Records of people in GB used for search functionalities of the category facial print "
            "or picture are deleted at most 6 months after collection (UK GDPR art 5(1)(e)); above "
            "10,000 a day it stops and asks."
        ),
        (
            "Records of people in US-IL of the category facial print are deleted at most 3 years "
            "after the last interaction (740 ILCS 14 (BIPA) art 15(a)); above 1,000 a day it "
            "stops and asks."
        ),
        (
            "Records of people in EU held on the basis of consent would be deleted (observed only) "
            "at most 7 days after the withdrawal of consent (GDPR art 17(1)(b))."
        ),
        (
            "Where residency is unknown, every rule that names a residency applies: the strictest "
            "limit holds."
        ),
        "All other records are deleted at most 30 days after collection (UK GDPR art 5(1)(e)).",
        "Store images is told 1 day before.",
        "Store vectors is told 12 hours before.",
    ]


def test_a_policy_of_a_default_only_speaks_of_all_records() -> None:
    assert said(policy(more="stores: {images: {lead: PT0S}}\n")) == [
        "Policy acme, version 1; days are those of Europe/London.",
        "All records are deleted at most 30 days after collection (UK GDPR art 5(1)(e)).",
        "Store images is told no time before.",
    ]


@pytest.mark.parametrize(
    ("match", "words"),
    [
        ("{}", "All records"),
        ("{residency: UNKNOWN}", "Records of people of unknown residency"),
        ("{residency: [GB, UNKNOWN]}", "Records of people in GB or of unknown residency"),
        ("{residency: [FR, DE, GB]}", "Records of people in DE, FR or GB"),
        ("{category: [pd:IPAddress]}", "Records of the category IP address"),
        ("{source: [web, api]}", "Records from api or web"),
    ],
)
def test_a_match_is_said_in_words(match: str, words: str) -> None:
    assert said(policy(rule(match=match)))[1].startswith(f"{words} are deleted at most 6 months")


def test_a_notice_says_what_is_ordered_and_when() -> None:
    assert said(notice(more="collected_before: 2022-05-18T00:00:00Z\n")) == [
        "Notice ico, version 1, of GB-ICO (UK GDPR art 5(1)(e)): in force.",
        (
            "Records of people in GB, collected before 2022-05-18T00:00:00Z, are to be deleted "
            "between 2022-06-15T23:00:00Z and 2022-12-16T00:00:00Z (step delete)."
        ),
    ]


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
