"""Data without a purpose, for another one than is declared, or without a lawful basis."""

import msgspec
import pytest

from pipeline.documents import Envelope, InvalidDocument, enveloped, in_words, load
from pipeline.ledger.parts import Part
from pipeline.records import applied
from tests.inquiry.build import life, results
from tests.support.build import event, policy_text, rule
from tests.support.drive import Drive, leaves

DUTY = """lawfulness:
  - id: lawful
    requires: %s
    match: {residency: [GB]}
    within: PT10S
    citation: {law: UK GDPR, article: "5(1)"}
    mode: %s
%s"""
DECLARED = "    purposes: [dpv:SearchFunctionalities, dpv:Marketing]\n"
CAUSE = "policy:acme/lawful"


def text(requires: str = "purpose", *, mode: str = "enforce", more: str = "") -> str:
    """Return a policy with one duty."""
    return policy_text(rule(limit="PT100S"), default="PT200S") + DUTY % (requires, mode, more)


def promised(requires: str, *, mode: str = "enforce", more: str = "") -> Envelope:
    """Return it in its envelope."""
    return enveloped("policies", text(requires, mode=mode, more=more), "counsel")


BARE = event(at=1_000, purpose=None, lawful_basis=None)
WRONG = event(at=1_000, purpose="dpv:FraudPreventionAndDetection")
UPDATED = event(at=20_000, what="updated")


@pytest.mark.parametrize("requires", ["purpose", "lawful_basis"])
def test_what_is_held_without_is_restricted_until_the_platform_says_more(requires: str) -> None:
    story = leaves(promised(requires), BARE, UPDATED)
    assert story == [(11, "RESTRICT", CAUSE), (20, "RELEASE", CAUSE)]


def test_a_purpose_that_is_not_declared_is_incompatible() -> None:
    """GDPR art 5(1)(b)."""
    document = promised("declared_purpose", more=DECLARED)
    assert leaves(document, WRONG) == [(11, "RESTRICT", CAUSE)]
    # What lies below a purpose that is declared is declared too.
    assert leaves(document, event(at=1_000, purpose="dpv:DirectMarketing")) == []
    # One of several is enough to be incompatible.
    assert leaves(document, event(at=1_000), WRONG) == [(11, "RESTRICT", CAUSE)]


def test_nobody_elses_data_is_touched() -> None:
    assert leaves(promised("purpose"), event(at=1_000, residency="FR", purpose=None)) == []


@pytest.mark.parametrize(
    ("requires", "more", "kind"),
    [
        ("purpose", "", "NO_PURPOSE"),
        ("lawful_basis", "", "NO_LAWFUL_BASIS"),
        ("declared_purpose", DECLARED, "PURPOSE_INCOMPATIBLE"),
    ],
)
def test_what_is_only_observed_is_found_after_its_time_and_left(
    requires: str, more: str, kind: str
) -> None:
    drive = Drive()
    document = promised(requires, mode="observe", more=more)
    events = (BARE, msgspec.structs.replace(WRONG, record_id="r2", event_id="e2"))
    drive.give(Part(envelopes=(document,), events=events))
    drive.until(10_999)
    assert [one for one in drive.findings if one.subject == CAUSE] == []
    drive.until(12_000)
    assert [one.kind for one in drive.findings if one.subject == CAUSE] == [kind]
    assert drive.commands == []


def test_a_declared_purpose_needs_purposes_and_the_others_none() -> None:
    with pytest.raises(InvalidDocument, match="`purposes` are those"):
        load(text("declared_purpose"))
    with pytest.raises(InvalidDocument, match="`purposes` are those"):
        load(text("purpose", more=DECLARED))
    with pytest.raises(InvalidDocument, match="is no purpose of the vocabulary"):
        load(text("declared_purpose", more="    purposes: [dpv:Fun]\n"))
    with pytest.raises(InvalidDocument, match="requires"):
        load(text("luck"))


def test_it_is_said_in_words() -> None:
    said = "\n".join(in_words(load(text("declared_purpose", more=DECLARED)).document))
    assert "are held for no purpose but dpv:SearchFunctionalities, dpv:Marketing" in said
    assert "else they are restricted until that is put right" in said


def test_explain_says_what_came_of_it() -> None:
    found = {}
    for happened in (BARE, event(at=1_000)):
        said = life(applied(None, happened), promised("purpose"))
        found[happened.purpose] = results(said)[CAUSE]
    assert found == {
        None: "restricts it from then on until that is put right",
        "dpv:SearchFunctionalities": "is fulfilled",
    }
