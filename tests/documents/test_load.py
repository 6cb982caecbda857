"""Good documents: what is read from them, and the opinions about them."""

from pathlib import Path

import pytest

from pipeline.documents import (
    Control,
    Hold,
    InvalidDocument,
    Match,
    Notice,
    NoticeStep,
    Policy,
    StoreSettings,
    kind_of,
    load,
)
from pipeline.identifiers import DocumentId
from pipeline.instants import DAY, parse_instant
from pipeline.periods import Counting, Reckoning, parse_period
from pipeline.vocabulary import Anchor
from tests.documents.texts import EXAMPLES, control, hold, notice, policy, rule

KINDS = {
    "policy.yaml": "policies",
    "notice.yaml": "notices",
    "hold.yaml": "holds",
    "release.yaml": "holds",
    "pause.yaml": "controls",
    "resume.yaml": "controls",
}


def example(name: str) -> str:
    return (EXAMPLES / name).read_text()


def loaded_policy(text: str) -> Policy:
    document = load(text).document
    assert isinstance(document, Policy)
    return document


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.name)
def test_every_example_loads_without_any_problem(path: Path) -> None:
    loaded = load(path.read_text(), path.name)

    assert loaded.problems == ()
    assert loaded.kind == kind_of(path.read_text()) == KINDS[path.name]


def test_the_example_policy_means_what_it_says() -> None:
    acme = loaded_policy(example("policy.yaml"))

    assert (acme.document_id, acme.version, acme.zone) == ("acme", 1, "Europe/London")
    assert acme.default.limit == parse_period("P30D")
    assert acme.stores == {"images": StoreSettings(DAY), "vectors": StoreSettings(DAY // 2)}
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
    assert faces.at_most == 10_000
    assert faces.citation.text == "UK GDPR art 5(1)(e)"
    assert acme.cause(faces.rule_id) == "policy:acme/uk-face-matching"


def test_the_example_notice_has_the_days_of_the_law() -> None:
    document = load(example("notice.yaml")).document

    assert isinstance(document, Notice)
    assert document.steps == (
        NoticeStep(
            step_id="stop-using",
            action="restrict",
            not_before=parse_instant("2022-06-16T00:00:00+01:00"),
            complete_by=parse_instant("2022-09-16T00:00:00+01:00"),
        ),
        NoticeStep(
            step_id="delete",
            action="delete",
            not_before=parse_instant("2022-06-16T00:00:00+01:00"),
            complete_by=parse_instant("2022-12-16T00:00:00+00:00"),
        ),
    )
    assert document.citation.text == "DPA 2018 s.149"
    assert document.cause("delete") == "notice:gb-ico-clearview/delete"


def test_a_release_needs_no_selectors_but_an_active_hold_does() -> None:
    released = load(hold("", state="released")).document

    assert isinstance(released, Hold)
    assert (released.state, released.records, released.match) == ("released", (), None)
    with pytest.raises(InvalidDocument, match="names nothing to hold"):
        load(hold(""))


def test_a_control_is_identified_by_its_scope() -> None:
    document = load(control("approve", scope="cause:notice:ico/delete", version=7)).document

    assert document == Control(
        document_id=DocumentId("cause:notice:ico/delete"),
        version=7,
        action="approve",
        scope="cause:notice:ico/delete",
        reason="a reason",
    )


@pytest.mark.parametrize(
    ("action", "scope"),
    [
        ("pause", "all"),
        ("pause", "store:images"),
        ("resume", "rule:acme/faces"),
        ("approve", "cause:policy:acme/default"),
    ],
)
def test_scopes_that_fit_the_action_are_read(action: str, scope: str) -> None:
    assert load(control(action, scope=scope)).kind == "controls"


@pytest.mark.parametrize(
    ("action", "scope"),
    [
        ("pause", "store:"),
        ("pause", "store:a/b"),
        ("pause", "rule:acme"),
        ("pause", "everything"),
        ("approve", "all"),
        ("approve", "rule:acme/faces"),
        ("approve", "cause:acme/faces"),
        ("approve", "cause:policy:acme"),
    ],
)
def test_scopes_that_do_not_fit_the_action_are_refused(action: str, scope: str) -> None:
    with pytest.raises(InvalidDocument, match=f"scope of `{action}`"):
        load(control(action, scope=scope))


def test_one_word_stands_for_a_list_of_one() -> None:
    short = loaded_policy(policy(rule(match="{residency: GB, purpose: dpv:Marketing}")))
    long = loaded_policy(policy(rule(match="{residency: [GB], purpose: [dpv:Marketing]}")))

    assert short == long


def test_every_scalar_stays_the_text_that_was_written() -> None:
    text = policy(rule(match="{residency: [NO, UK]}"))
    document = loaded_policy(text.replace("5(1)(e)", "17"))

    assert document.rules[0].match.residency == ("GB", "NO")
    assert document.rules[0].citation.article == "17"


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


def test_a_limit_of_seconds_is_a_limit() -> None:
    document = loaded_policy(policy(rule(limit="PT5S"), default="PT20S"))

    assert document.rules[0].limit == parse_period("PT5S")
    assert document.default.limit == parse_period("PT20S")


@pytest.mark.parametrize("limit", ["forever", "NEVER", "unlimited", ".inf", "P0D", "P", "P201Y"])
def test_a_limit_that_is_not_finite_is_refused(limit: str) -> None:
    with pytest.raises(InvalidDocument) as refusal:
        load(policy(default=limit), "p.yaml")

    assert [problem.where for problem in refusal.value.problems] == ["default.limit"]


def test_a_notice_may_reach_only_what_was_collected_before_a_date() -> None:
    document = load(notice(more="collected_before: 2022-05-18T00:00:00+01:00\n")).document

    assert isinstance(document, Notice)
    assert document.collected_before == parse_instant("2022-05-17T23:00:00Z")


@pytest.mark.parametrize("line", ["collected_before:", "collected_before: ~"])
def test_a_key_with_nothing_after_it_does_not_silently_mean_any(line: str) -> None:
    with pytest.raises(InvalidDocument, match="`collected_before` is empty"):
        load(notice(more=f"{line}\n"))


def opinions(text: str) -> list[tuple[str, str]]:
    problems = load(text).problems
    assert all(problem.severity == "warning" for problem in problems)
    return [(problem.name, problem.where) for problem in problems]


UNCITED = policy(rule()).replace(", url: https://www.legislation.gov.uk/", "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (policy(rule()), []),
        (
            UNCITED,
            [("no-citation-url", "default.citation"), ("no-citation-url", "rules[0].citation")],
        ),
        (policy(rule(more="")), [("no-daily-limit", "rules[0]")]),
        (policy(rule(mode="observe")), [("observe-only", "rules")]),
        (policy(rule(limit="P11Y")), [("limit-over-ten-years", "rules[0].limit")]),
        (policy(rule(limit="P10Y")), []),
        (policy(default="P3661D"), [("limit-over-ten-years", "default.limit")]),
        (
            policy(more="stores: {a: {lead: P31D}, b: {lead: P1D}}\n"),
            [("lead-longer-than-limit", "stores.a.lead")],
        ),
        (policy(default="PT20S"), [("lead-longer-than-limit", "")]),
        (policy(default="PT20S", more="stores: {a: {lead: PT1S}}\n"), []),
        (
            policy(more="effective_from: 2027-01-01T00:00:00Z\n"),
            [("effective-from-not-applied", "effective_from")],
        ),
        (notice(), [("unknown-residency-not-reached", "match.residency")]),
        (notice(match="{residency: [GB, UNKNOWN]}"), []),
        (notice(match="{category: pd:Picture}"), []),
        (hold("match: {residency: GB}"), []),
        (control("pause"), [("pause-of-all", "control")]),
        (control("resume"), []),
    ],
)
def test_opinions_have_names_and_places(text: str, expected: list[tuple[str, str]]) -> None:
    assert opinions(text) == expected


@pytest.mark.parametrize(
    ("wide", "narrow", "shadowed"),
    [
        ({"match": "{residency: [GB]}"}, {"match": "{residency: [GB]}"}, True),
        ({"match": "{}"}, {"match": "{residency: [GB]}"}, True),
        ({"match": "{residency: [EEA]}"}, {"match": "{residency: [EU, NO]}"}, True),
        ({"match": "{residency: [EU]}"}, {"match": "{residency: [EEA]}"}, False),
        ({"match": "{residency: [GB]}"}, {"match": "{purpose: dpv:Marketing}"}, False),
        ({"limit": "P5M"}, {"limit": "P1Y"}, True),
        ({"limit": "P1Y"}, {"limit": "P5M"}, False),
        ({"limit": "P30D"}, {"limit": "P1M"}, False),
        ({"limit": "P5M", "mode": "observe"}, {"limit": "P1Y"}, False),
    ],
)
@pytest.mark.parametrize("swapped", [False, True])
def test_a_rule_that_never_decides_is_named_shadowed(
    wide: dict[str, str], narrow: dict[str, str], shadowed: bool, swapped: bool
) -> None:
    rules = [rule("wide", **wide), rule("narrow", **narrow)]
    text = policy(*(rules[::-1] if swapped else rules))

    found = [problem.what for problem in load(text).problems if problem.name == "shadowed-rule"]

    first, second = ("narrow", "wide") if swapped and wide == narrow else ("wide", "narrow")
    what = f"the rule `{second}` never decides: `{first}` covers all it does"
    assert (what in found) is shadowed
    assert len(found) <= 1
