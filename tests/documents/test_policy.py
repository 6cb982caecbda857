"""Good policies: what is read from each of their keys."""

import pytest

from pipeline.documents import AtMost, Citation, InvalidDocument, Match, StoreSettings, load
from pipeline.instants import DAY, HOUR, MINUTE, SECOND, parse_instant
from pipeline.periods import Counting, Reckoning, parse_period
from pipeline.vocabulary import Anchor
from tests.documents.states import loaded_policy
from tests.documents.texts import EXAMPLES, policy, rule


def test_the_example_policy_means_what_it_says() -> None:
    acme = loaded_policy((EXAMPLES / "policy.yaml").read_text())

    assert (acme.document_id, acme.version, acme.zone) == ("acme", 1, "Europe/London")
    assert acme.default.limit == parse_period("P30D")
    assert acme.stores == {
        "images": StoreSettings(DAY, answer_within=DAY // 2, per_minute=6_000),
        "vectors": StoreSettings(DAY // 2),
    }
    faces = acme.rules[0]
    assert faces.rule_id == "uk-face-matching"
    assert faces.match == Match(
        residency=("GB",),
        purposes=("dpv:SearchFunctionalities",),
        categories=("pd:FacialPrint", "pd:Picture"),
    )
    assert faces.clock is Anchor.COLLECTED
    assert faces.limit == parse_period("P6M")
    assert faces.reckoning == Reckoning(zone="Europe/London")
    assert (faces.mode, faces.bound, faces.action) == ("enforce", "maximum", "delete")
    assert faces.at_most == AtMost(count=10_000)
    assert faces.citation.text == "UK GDPR art 5(1)(e)"
    assert acme.cause(faces.rule_id) == "policy:acme/uk-face-matching"
    assert acme.effective_from is None
    assert acme.method is not None
    assert acme.method.name == "acme/1"


def test_a_rule_may_have_a_zone_and_a_counting_of_its_own() -> None:
    more = "at_most: 1, zone: Europe/Paris, counting: beginning_with"
    reckoning = loaded_policy(policy(rule(more=more))).rules[0].reckoning

    assert reckoning == Reckoning(zone="Europe/Paris", counting=Counting.BEGINNING_WITH)


@pytest.mark.parametrize(
    ("lead", "ms"), [("P1D", DAY), ("P2W", 14 * DAY), ("PT1S", 1_000), ("PT0S", 0), ("P0D", 0)]
)
def test_a_lead_is_read_into_milliseconds(lead: str, ms: int) -> None:
    document = loaded_policy(policy(more=f"stores: {{images: {{lead: {lead}}}}}\n"))

    assert document.stores == {"images": StoreSettings(ms)}


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ("{}", StoreSettings(lead=DAY, answer_within=DAY, per_minute=None)),
        ("{answer_within: PT30M}", StoreSettings(answer_within=30 * MINUTE)),
        ("{answer_within: P1W}", StoreSettings(answer_within=7 * DAY)),
        ("{answer_within: PT1S}", StoreSettings(answer_within=SECOND)),
        ("{per_minute: 1}", StoreSettings(per_minute=1)),
        ("{per_minute: 999999999}", StoreSettings(per_minute=999_999_999)),
        (
            "{lead: PT1H, answer_within: PT2H, per_minute: 600}",
            StoreSettings(lead=HOUR, answer_within=2 * HOUR, per_minute=600),
        ),
    ],
)
def test_a_store_has_settings_of_its_own(settings: str, expected: StoreSettings) -> None:
    document = loaded_policy(policy(more=f"stores: {{images: {settings}}}\n"))

    assert document.stores == {"images": expected}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", AtMost(count=0)),
        ("10000", AtMost(count=10_000)),
        ("2%", AtMost(share=20)),
        ("0.1%", AtMost(share=1)),
        ("0.3%", AtMost(share=3)),
        ("12.5%", AtMost(share=125)),
        ("99.9%", AtMost(share=999)),
    ],
)
def test_what_a_rule_may_delete_a_day_is_a_number_or_a_share(text: str, expected: AtMost) -> None:
    assert loaded_policy(policy(rule(more=f"at_most: {text}"))).rules[0].at_most == expected


@pytest.mark.parametrize(
    ("at_most", "held", "allowed"),
    [
        (AtMost(count=7), 0, 7),
        (AtMost(count=7), 1_000_000, 7),
        (AtMost(count=0), 1_000, 0),
        (AtMost(share=20), 1_000, 20),
        (AtMost(share=20), 1_049, 20),
        (AtMost(share=20), 1_050, 21),
        # Of few records one may always go, or a rule would stop for ever.
        (AtMost(share=20), 49, 1),
        (AtMost(share=20), 0, 1),
        (AtMost(share=1), 999, 1),
    ],
)
def test_a_share_is_of_what_is_held_and_never_nothing(
    at_most: AtMost, held: int, allowed: int
) -> None:
    assert at_most.of(held) == allowed


def test_a_minimum_is_a_rule_with_another_bound() -> None:
    keep = loaded_policy(policy(rule(limit="P6Y", more="bound: minimum"))).rules[0]

    assert (keep.bound, keep.mode, keep.at_most) == ("minimum", "enforce", None)
    assert keep.limit == parse_period("P6Y")
    assert loaded_policy(policy(rule(more="bound: maximum"))) == loaded_policy(
        policy(rule(more=""))
    )


def test_a_citation_may_say_whose_law_it_is() -> None:
    text = policy(rule()).replace("5(1)(e)", "5(1)(e), jurisdiction: UK", 1)
    document = loaded_policy(text)

    assert document.default.citation == Citation(
        "UK GDPR", "5(1)(e)", "https://www.legislation.gov.uk/", "GB"
    )
    assert document.rules[0].citation.jurisdiction is None


def test_a_match_may_name_where_people_are() -> None:
    match = loaded_policy(policy(rule(match="{present: [UK, EEA], residency: FR}"))).rules[0].match

    assert match == Match(residency=("FR",), present=("EEA", "GB"))


def test_a_policy_may_take_effect_later() -> None:
    document = loaded_policy(policy(more="effective_from: 2027-01-01T00:00:00+01:00\n"))

    assert document.effective_from == parse_instant("2026-12-31T23:00:00Z")


def test_a_limit_of_seconds_is_a_limit() -> None:
    document = loaded_policy(policy(rule(limit="PT5S"), default="PT20S"))

    assert document.rules[0].limit == parse_period("PT5S")
    assert document.default.limit == parse_period("PT20S")


@pytest.mark.parametrize("limit", ["forever", "NEVER", "unlimited", ".inf", "P0D", "P", "P201Y"])
def test_a_limit_that_is_not_finite_is_refused(limit: str) -> None:
    with pytest.raises(InvalidDocument) as refusal:
        load(policy(default=limit), "p.yaml")

    assert [problem.where for problem in refusal.value.problems] == ["default.limit"]
