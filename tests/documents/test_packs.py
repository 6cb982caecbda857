"""Policy packs: shipped rules that a policy includes, overrides, or only observes."""

import hashlib
from importlib.resources import files
from typing import Any

import msgspec
import pytest

from pipeline.documents import InvalidDocument, Policy, in_words, load
from pipeline.documents.packs import packs
from pipeline.instants import DAY, Instant, parse_instant
from pipeline.records import Record, applied
from pipeline.rules import Plan, Planner
from tests.documents.states import in_force, loaded_policy
from tests.documents.texts import policy, rule
from tests.support.build import event

RELEASED = {
    "eu-gdpr-1.yaml": "76308c956017b3eef3a776b47af3f79382fd25d8bf2f98b58294693b2245679b",
    "gb-aml-1.yaml": "365d776083bdf3c6a2019b14321183b82f7b974137886a2d000d960b51943a5d",
    "gb-hmrc-1.yaml": "b09185eed81223fd12672b510b7a04fffe8d18a946847c06d4bf3b98e8f3cbea",
    "gb-limitation-1.yaml": "db5f866c35c3ca96045d7d23c90ca3ae020c14dd1899d4a15a451534bd67f95f",
    "gb-uk-gdpr-1.yaml": "7809ab92874fb60591562eb74cb29060afec8398666393ff69279b8e51948635",
    "in-dpdp-1.yaml": "c0d3df15f72436616a3ac5f4401002d56418686069b0f4818c35fce3cdda0724",
    "us-ca-ccpa-1.yaml": "1421ee2e3580938316cc30da98ad3e2f9d5e800195fec94e1172cfc3a8cfcfea",
    "us-coppa-1.yaml": "21dd4c24c2ab9ecc0ea88bae3dd44bbc553167b252ec7b0c6d2f5272a53306fe",
    "us-il-bipa-1.yaml": "cabebbcf533d74b9372d172c779affe71952b77391da91df5ee26ccf5a7d6ba5",
    "us-tx-cubi-1.yaml": "65c8d05ac5af55dd49a09b32eb02731679b5d18031cf8b3c65acb72b03e35100",
}
"""SHA-256 of every released pack: another text is another version, in a file of its own."""
AT = parse_instant("2026-01-10T12:00:00Z")


def including(*names: str, rules: tuple[str, ...] = ()) -> str:
    """Return a policy that includes packs."""
    listed = "".join(f"  - {name}\n" for name in names)
    return policy(*rules, default="P10Y", more=f"packs:\n{listed}")


def of(*names: str, rules: tuple[str, ...] = ()) -> Policy:
    return loaded_policy(including(*names, rules=rules))


def test_a_released_pack_never_changes() -> None:
    found = {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest()
        for file in files("pipeline.packs").iterdir()
        if file.name.endswith(".yaml")
    }
    assert found == RELEASED


@pytest.mark.parametrize("name", packs())
def test_every_pack_is_a_good_policy_whose_rules_cite_their_law(name: str) -> None:
    found = of(name)
    pack = packs()[name]
    assert [one.rule_id for one in found.rules] == [f"{pack.pack}.{one.id}" for one in pack.rules]
    for one in found.rules:
        assert one.citation.url
        assert one.citation.jurisdiction
        assert one.pack == name
        # Of these it is not known whether another purpose or basis is left.
        assert (one.mode == "observe") == (one.clock in {"purpose_ended", "consent_withdrawn"})
    assert {one.reckoning.zone for one in found.rules} == {pack.zone}


def test_a_pack_may_only_be_observed_and_have_a_daily_limit() -> None:
    found = of("{pack: gb-aml/1, mode: observe, at_most: 1%}")
    keep, delete = found.rules
    assert (keep.bound, keep.mode, keep.at_most) == ("minimum", "enforce", None)
    assert (delete.bound, delete.mode) == ("maximum", "observe")
    assert delete.at_most is not None


def test_a_rule_of_ones_own_takes_the_place_of_a_packs() -> None:
    own = rule("us-il-bipa.last-interaction", clock="last_interaction", limit="P1Y")
    found = of("us-il-bipa/1", rules=(own,))
    assert [(one.rule_id, one.pack) for one in found.rules] == [
        ("us-il-bipa.last-interaction", ""),
        ("us-il-bipa.purpose-satisfied", "us-il-bipa/1"),
    ]
    assert [(one.name, one.replaced) for one in found.packs] == [
        ("us-il-bipa/1", ("us-il-bipa.last-interaction",))
    ]


@pytest.mark.parametrize(
    ("names", "where", "what", "remedy"),
    [
        (["us-il-bipa/2"], "packs[0]", "not in the vocabulary", "did you mean `us-il-bipa/1`?"),
        (["gb-aml/1", "gb-aml/1"], "packs[1]", "included twice", "one version"),
        (["{pack: gb-aml/1, mode: try}"], "packs[0].mode", "`try`", "enforce, observe"),
        (["{pack: gb-aml/1, most: 3}"], "packs[0].most", "not known", "at_most"),
    ],
)
def test_what_cannot_be_included_is_refused(
    names: list[str], where: str, what: str, remedy: str
) -> None:
    with pytest.raises(InvalidDocument) as refusal:
        of(*names)
    [problem] = refusal.value.problems
    assert problem.where == where
    assert what in problem.what
    assert remedy in problem.remedy


def test_a_warning_about_a_packs_rule_is_on_the_line_that_includes_it() -> None:
    text = including("gb-aml/1", "in-dpdp/1")
    warned = load(text).problems
    lines = text.splitlines()
    assert [lines[problem.line - 1].strip("- ") for problem in warned] == [
        "gb-aml/1",
        "in-dpdp/1",
    ]


def test_in_words_each_pack_stands_by_its_name() -> None:
    own = rule("us-il-bipa.last-interaction", clock="last_interaction", limit="P1Y")
    words = in_words(of("us-il-bipa/1", "gb-aml/1", rules=(own,)))
    heads = [sentence for sentence in words if sentence.startswith("Pack ")]
    assert heads == [
        (
            "Pack us-il-bipa/1: Illinois Biometric Information Privacy Act; the policy's own rule "
            "takes the place of us-il-bipa.last-interaction."
        ),
        "Pack gb-aml/1: Money Laundering Regulations 2017, reg 40.",
    ]
    assert any(sentence.startswith("Of several maxima") for sentence in words)


# -- what the packs come to -----------------------------------------------------------------------


def plan(record: Record, *names: str) -> Plan:
    return Planner(in_force(including(*names), now=AT)).plan(record)


def limit(record: Record, name: str) -> Instant | None:
    return plan(record, f"{{pack: {name}, mode: enforce}}").limit_at


def happened(what: str, at: Instant, changes: dict[str, Any], record: Record | None) -> Record:
    return applied(record, event("r1", at=at, what=what, **changes))


@pytest.mark.parametrize(
    ("pack", "residency", "what", "purpose", "until"),
    [
        ("gb-uk-gdpr/1", "GB", "purpose_ended", None, "2026-02-11T00:00:00Z"),
        ("eu-gdpr/1", "FR", "purpose_ended", None, "2026-02-10T23:00:00Z"),
        ("us-ca-ccpa/1", "US-CA", "purpose_ended", None, "2026-02-25T08:00:00Z"),
        ("in-dpdp/1", "IN", "accessed", None, "2029-01-10T18:30:00Z"),
        (
            "gb-aml/1",
            "GB",
            "relationship_ended",
            "dpv:CounterMoneyLaundering",
            "2031-01-10T00:00:00Z",
        ),
    ],
)
def test_limits_of_packs(
    pack: str, residency: str, what: str, purpose: str | None, until: str
) -> None:
    changes = {"residency": residency} | ({} if purpose is None else {"purpose": purpose})
    record = happened("created", Instant(AT - 30 * DAY), changes, None)
    record = happened(what, AT, changes, record)
    assert limit(record, pack) == parse_instant(until)


@pytest.mark.parametrize("residency", ["GB", "FR", "IN", None])
@pytest.mark.parametrize(
    ("pack", "changes", "category"),
    [
        ("gb-aml/1", {"purpose": "dpv:CounterMoneyLaundering"}, "pd:Picture"),
        ("gb-hmrc/1", {}, "pd:Tax"),
        ("gb-limitation/1", {"lawful_basis": "dpv:ContractPerformance"}, "pd:Picture"),
    ],
)
def test_what_binds_the_firm_keeps_data_of_people_everywhere(
    pack: str, changes: dict[str, Any], category: str, residency: str | None
) -> None:
    """Known to live somewhere, or not: the duty is the firm's."""
    created = event("r1", at=AT - 30 * DAY, residency=residency, **changes)
    ended = event("r1", at=AT, what="relationship_ended", residency=residency, **changes)
    record = applied(None, msgspec.structs.replace(created, categories=(category,)))
    record = applied(record, msgspec.structs.replace(ended, categories=(category,)))
    own = rule(match="{}", limit="P1M")
    text = including(pack, rules=(own,)).replace("law: UK GDPR", "law: UK GDPR, jurisdiction: GB")
    planned = Planner(in_force(text, now=AT)).plan(record)
    assert planned.steps
    for step in planned.steps:
        assert step.deadline >= AT + 5 * 365 * DAY


def test_nothing_is_deleted_because_one_of_several_purposes_or_bases_has_ended() -> None:
    names = [name for name in packs() if name.split("-")[0] in {"gb", "eu", "us"}]
    record = happened("created", Instant(AT - 30 * DAY), {"purpose": "dpv:Marketing"}, None)
    record = happened("updated", Instant(AT - 20 * DAY), {"lawful_basis": "dpv:Consent"}, record)
    for what in ("purpose_ended", "consent_withdrawn"):
        record = happened(what, Instant(AT - 10 * DAY), {"purpose": "dpv:Marketing"}, record)
    planned = plan(record, *names)
    assert planned.observed
    assert {step.cause for step in planned.steps} == {"policy:acme/default"}
