"""Policy packs: shipped rules that a policy includes, overrides, or only observes."""

import hashlib
from importlib.resources import files
from typing import Any

import pytest

from pipeline.documents import InvalidDocument, Policy, in_words, load
from pipeline.documents.packs import packs
from pipeline.instants import DAY, Instant, parse_instant
from pipeline.records import Record, applied
from pipeline.rules import Planner
from tests.documents.states import in_force, loaded_policy
from tests.documents.texts import policy, rule
from tests.support.build import event

RELEASED = {
    "eu-gdpr-1.yaml": "03b83edaaec25fc534efa5c7f072fe6bbd70c7d5942dbc7bc6bae3e6f939ff4e",
    "gb-aml-1.yaml": "3804111ee9d218842ca423c36ca5543d2c423d20b96ea26523d70d98789dbb95",
    "gb-hmrc-1.yaml": "7c0605ec76b38197f0763db9bb7ae9ca2a46a7363c40ac4323d5ce2481e2917a",
    "gb-limitation-1.yaml": "2d3580142d463081a9f8f7bac7ab87fc9f7e60834bf42147a3cfd57a7ea3705f",
    "gb-uk-gdpr-1.yaml": "fc09431cd6d6a694dc487d3ff39f18a7fcf0127845a1f69bd87e7d14bf752332",
    "in-dpdp-1.yaml": "186db2a6fdfad442dcb2c5ba768a74812f559141f690d552bcdfcb223329f7fb",
    "us-ca-ccpa-1.yaml": "1bbdc6b3c0dcee90a5be8d59a981c7c94d7ad8107b3a08e681a17f79b5b5bd45",
    "us-coppa-1.yaml": "0e326bbf371f22604903b7662dff0370df978b86caf02b83e185388feb058f45",
    "us-il-bipa-1.yaml": "e2363bf0007845ee3f79472be8f2c043dad315c820100d4b1911aea8ceb524c2",
    "us-tx-cubi-1.yaml": "e9f8b9085ffe265c2143b1d8f0ce5b8af1a651877cbe9c7269228fc51de91a36",
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
        assert one.mode == "enforce"
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
    text = including("gb-aml/1", "us-tx-cubi/1")
    warned = load(text).problems
    lines = text.splitlines()
    assert [lines[problem.line - 1].strip("- ") for problem in warned] == [
        "gb-aml/1",
        "us-tx-cubi/1",
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


def limit(record: Record, *names: str) -> Instant | None:
    return Planner(in_force(including(*names), now=AT)).plan(record).limit_at


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
