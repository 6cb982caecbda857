"""Opinions: what is allowed but seldom meant; each a warning with a name, a place and a remedy."""

import pytest

from pipeline.documents import Problem, load
from pipeline.instants import Instant, parse_instant
from tests.documents.texts import control, hold, notice, policy, rule

DEADLINE = parse_instant("2022-12-16T00:00:00Z")


def warnings(text: str, now: Instant | None = None) -> list[Problem]:
    problems = load(text, "d.yaml", now).problems
    assert all((one.severity, one.file) == ("warning", "d.yaml") for one in problems)
    assert all(one.what and one.remedy for one in problems)
    return list(problems)


def opinions(text: str, now: Instant | None = None) -> list[tuple[str, str]]:
    return [(problem.name, problem.where) for problem in warnings(text, now)]


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
        (policy(rule(more="at_most: 2%")), []),
        # A minimum deletes nothing, so that it needs no number.
        (policy(rule(more="bound: minimum"), default="P1Y"), []),
        (
            policy(rule(more="bound: minimum")),
            [("minimum-longer-than-maximum", "rules[0].limit")],
        ),
        (policy(rule(clock="last_interaction", more="bound: minimum")), []),
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
        # Nothing is deleted at the end of a minimum: a lead may be longer.
        (policy(rule(limit="PT1H", more="bound: minimum")), []),
        (policy(rule(limit="PT1H")), [("lead-longer-than-limit", "")]),
        (policy(more="effective_from: 2027-01-01T00:00:00Z\n"), []),
        (policy(more="residency: {method: acme/1}\n"), []),
        (notice(), []),
        (notice(match="{residency: [GB, UNKNOWN]}"), []),
        (notice(match="{category: pd:Picture}"), []),
        (notice(more="unknown: restrict\n"), []),
        (notice(more="unknown: leave\n"), [("unknown-residency-left", "unknown")]),
        (notice(match="{category: pd:Picture}", more="unknown: leave\n"), []),
        (
            notice(match="{present: GB}", more="unknown: leave\n"),
            [("unknown-residency-left", "unknown")],
        ),
        (hold("match: {residency: GB}"), []),
        (hold("match: {purpose: dpv:Purpose}"), []),
        (control("pause"), [("pause-of-all", "control")]),
        (control("pause", scope="store:images"), []),
        (control("resume"), []),
        (control("exclude", scope="partition:t/0"), [("partition-excluded", "control")]),
        (control("include", scope="partition:t/0"), []),
    ],
)
def test_opinions_have_names_and_places(text: str, expected: list[tuple[str, str]]) -> None:
    assert opinions(text) == expected


def test_a_notice_that_names_unknown_residency_does_not_leave_it() -> None:
    assert opinions(notice(match="{residency: [GB, UNKNOWN]}", more="unknown: leave\n")) == []


@pytest.mark.parametrize(
    ("basis", "clock", "warned"),
    [
        ("dpv:Contract", "consent_withdrawn", True),
        ("eu-gdpr:A6-1-b", "consent_withdrawn", True),
        ("[dpv:Contract, dpv:LegalObligation]", "consent_withdrawn", True),
        ("dpv:Consent", "consent_withdrawn", False),
        ("eu-gdpr:A6-1-a", "consent_withdrawn", False),
        ("dpv:LegalBasis", "consent_withdrawn", False),
        ("[dpv:Contract, dpv:Consent]", "consent_withdrawn", False),
        ("dpv:Contract", "collected", False),
        ("dpv:Contract", "relationship_ended", False),
    ],
)
def test_a_clock_that_nothing_starts_is_named(basis: str, clock: str, warned: bool) -> None:
    text = policy(rule(match=f"{{lawful_basis: {basis}}}", clock=clock))

    found = [(one.name, one.where, one.line, one.what, one.remedy) for one in warnings(text)]

    one = (
        "rule-never-matches",
        "rules[0].clock",
        6,
        "the rule `faces` can never decide: its records are not held by consent",
        "name dpv:Consent under `lawful_basis`, or choose another clock",
    )
    assert found == ([one] if warned else [])


def test_a_clock_of_consent_without_a_basis_may_start() -> None:
    assert opinions(policy(rule(match="{}", clock="consent_withdrawn"))) == []


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        ("{purpose: dpv:Purpose}", {"purpose": "dpv:Purpose"}),
        ("{purpose: [dpv:Marketing, dpv:Purpose]}", {"purpose": "dpv:Purpose"}),
        ("{category: dpv:Data}", {"category": "dpv:Data"}),
        ("{category: dpv:PersonalData}", {"category": "dpv:PersonalData"}),
        (
            "{purpose: dpv:Purpose, category: dpv:Data}",
            {"purpose": "dpv:Purpose", "category": "dpv:Data"},
        ),
        ("{purpose: dpv:Marketing, category: dpv:SensitivePersonalData}", {}),
        ("{}", {}),
    ],
)
def test_a_word_that_covers_everything_is_named(match: str, expected: dict[str, str]) -> None:
    said = [(key, f"`{key}`: `{word}` covers everything") for key, word in expected.items()]

    in_a_policy = warnings(policy(rule("a"), rule("b", match=match, limit="P5M")))
    found = [one for one in in_a_policy if one.name == "word-covers-everything"]
    assert [(one.where, one.what) for one in found] == [
        (f"rules[1].match.{key}", what) for key, what in said
    ]
    if match != "{}":
        in_a_notice = warnings(notice(match=match))
        assert [(one.name, one.where, one.what) for one in in_a_notice] == [
            ("word-covers-everything", f"match.{key}", what) for key, what in said
        ]


@pytest.mark.parametrize(
    ("minimum", "maximum", "warned"),
    [
        ({"limit": "P6Y"}, {"limit": "P6M"}, True),
        ({"limit": "P31D"}, {"limit": "P30D"}, True),
        ({"limit": "P6M"}, {"limit": "P6M"}, False),
        ({"limit": "P5M"}, {"limit": "P6M"}, False),
        # A month may have 31 days.
        ({"limit": "P31D"}, {"limit": "P1M"}, False),
        ({"limit": "P1M"}, {"limit": "P30D"}, False),
        ({"limit": "P6Y"}, {"limit": "P6M", "mode": "observe"}, False),
        ({"limit": "P6Y"}, {"limit": "P6M", "clock": "last_interaction"}, False),
        ({"limit": "P6Y"}, {"limit": "P6M", "match": "{residency: [FR]}"}, False),
        ({"limit": "P6Y"}, {"limit": "P6M", "match": "{}"}, True),
        ({"limit": "P6Y"}, {"limit": "P6M", "match": "{purpose: dpv:Marketing}"}, True),
        ({"limit": "P6Y", "match": "{residency: [EU]}"}, {"match": "{residency: [FR]}"}, True),
    ],
)
@pytest.mark.parametrize("swapped", [False, True])
def test_a_minimum_that_outlasts_a_maximum_of_the_same_records_is_named(
    minimum: dict[str, str], maximum: dict[str, str], warned: bool, swapped: bool
) -> None:
    rules = [rule("keep", more="bound: minimum", **minimum), rule("drop", **maximum)]
    text = policy(*(rules[::-1] if swapped else rules), default="P7Y")

    found = [one for one in warnings(text) if one.name == "minimum-longer-than-maximum"]

    assert len(found) == warned
    for one in found:
        assert (one.where, one.line) == (f"rules[{int(swapped)}].limit", 6 + swapped)
        assert one.what.startswith("the minimum `keep` (")
        assert "is longer than the maximum `drop` (" in one.what
        assert "kept, restricted, until the minimum ends" in one.remedy


def test_of_several_maxima_that_a_minimum_outlasts_the_first_is_named() -> None:
    text = policy(
        rule("keep", limit="P6Y", more="bound: minimum"),
        rule("half", limit="P6M"),
        rule("part", limit="P1M", match="{residency: [GB-ENG]}"),
    )

    (found,) = warnings(text)
    assert found.what == (
        "the minimum `keep` (6 years) is longer than the maximum `half` (6 months) of records "
        "that both cover"
    )


@pytest.mark.parametrize(
    ("more", "now", "expected"),
    [
        ("", None, []),
        ("", Instant(DEADLINE - 1), []),
        ("", DEADLINE, ["steps[0].complete_by"]),
        ("", Instant(DEADLINE + 1), ["steps[0].complete_by"]),
        ("state: withdrawn\n", DEADLINE, []),
    ],
)
def test_a_deadline_that_has_passed_is_named(
    more: str, now: Instant | None, expected: list[str]
) -> None:
    found = warnings(notice(more=more), now)

    assert [(one.name, one.where) for one in found] == [
        ("deadline-passed", where) for where in expected
    ]
    assert all("the deadline of step `delete` has passed" in one.what for one in found)
    assert all("commanded at once" in one.remedy for one in found)


def test_of_several_steps_only_those_that_are_late_are_named() -> None:
    later = (
        "  - {id: check, action: restrict, not_before: 2022-06-15T23:00:00Z, "
        "complete_by: 2023-06-15T23:00:00Z}\n"
    )

    assert opinions(notice() + later, DEADLINE) == [("deadline-passed", "steps[0].complete_by")]


@pytest.mark.parametrize(
    "text", [policy(rule()), hold(), control("resume")], ids=["policy", "hold", "control"]
)
def test_only_notices_have_deadlines(text: str) -> None:
    assert opinions(text, DEADLINE) == []
