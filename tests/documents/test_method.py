"""A policy's own method of judging residency: what it changes, and what is refused."""

import msgspec
import pytest

from pipeline.documents import InvalidDocument, Match, Policy, Reach
from pipeline.events import Evidence, Subject
from pipeline.identifiers import SubjectId
from pipeline.instants import DAY, Instant
from pipeline.tags import DEFAULT_METHOD, DEFAULT_SIGNALS, Judge, Method, Signal
from tests.documents.states import NOW, in_force, loaded_policy, record
from tests.documents.texts import policy


def read(section: str) -> Policy:
    """Read a policy whose `residency` is this, written on one line: the fifth."""
    return loaded_policy(policy(more=f"residency: {section}\n"))


def method_of(section: str) -> Method:
    method = read(section).method
    assert method is not None
    return method


def test_a_policy_without_the_section_leaves_the_default_method() -> None:
    assert loaded_policy(policy()).method is None


def test_a_section_of_a_name_only_changes_nothing_but_the_name() -> None:
    assert method_of("{method: acme/1}") == msgspec.structs.replace(DEFAULT_METHOD, name="acme/1")


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("resident_from", "0.9", 900),
        ("resident_from", "1", 1_000),
        ("resident_from", "1.000", 1_000),
        ("likely_from", "0.001", 1),
        ("likely_from", "0.8", 800),
        ("agreeing_from", "0.29", 290),
        ("agreeing_from", "0.6", 600),
    ],
)
def test_a_threshold_is_read_per_mille(key: str, text: str, value: int) -> None:
    expected = msgspec.structs.replace(DEFAULT_METHOD, name="a/1", **{key: value})

    assert method_of(f"{{method: a/1, {key}: {text}}}") == expected


@pytest.mark.parametrize(
    ("signal", "text", "changed"),
    [
        ("declared", "{resident: 0.5}", {"resident": 500}),
        ("declared", "{present: 0}", {"present": 0}),
        ("page_cctld", "{resident: 0.575, present: 1}", {"resident": 575, "present": 1_000}),
        ("phone_number", "{group: network}", {"group": "network"}),
        ("phone_number", "{lasts: P90D}", {"lasts_days": 90}),
        ("phone_number", "{lasts: P2W}", {"lasts_days": 14}),
        ("phone_number", "{lasts: newer}", {"lasts_days": None}),
        ("declared", "{lasts: P1D}", {"lasts_days": 1}),
        ("gps_exif", "{}", {}),
    ],
)
def test_a_signal_keeps_what_the_section_does_not_change(
    signal: str, text: str, changed: dict[str, object]
) -> None:
    signals: dict[str, Signal] = dict(DEFAULT_SIGNALS)
    signals[signal] = msgspec.structs.replace(signals[signal], **changed)

    found = method_of(f"{{method: a/1, signals: {{{signal}: {text}}}}}")

    assert found.signals == tuple(sorted(signals.items()))


def subject(*evidence: tuple[str, int]) -> Subject:
    found = sorted(Evidence(signal, "GB", Instant(at)) for signal, at in evidence)
    return Subject(SubjectId("s-1"), tuple(found))


@pytest.mark.parametrize(
    ("section", "evidence", "usual", "own"),
    [
        ("resident_from: 0.45", [("profile_location", 1)], Reach.LIKELY, Reach.CERTAIN),
        ("likely_from: 0.451", [("profile_location", 1)], Reach.LIKELY, Reach.POSSIBLE),
        ("likely_from: 0.1", [("page_language", 1)], Reach.POSSIBLE, Reach.LIKELY),
        (
            "signals: {page_cctld: {resident: 0.8}}",
            [("page_cctld", 1)],
            Reach.POSSIBLE,
            Reach.CERTAIN,
        ),
        ("signals: {declared: {resident: 0.4}}", [("declared", 1)], Reach.CERTAIN, Reach.LIKELY),
        (
            "agreeing_from: 0.4",
            [("profile_location", 1), ("phone_number", 1)],
            Reach.LIKELY,
            Reach.CERTAIN,
        ),
        # Of one group only the strongest counts, so that two do not agree any more.
        (
            "agreeing_from: 0.4, signals: {phone_number: {group: publication}}",
            [("profile_location", 1), ("phone_number", 1)],
            Reach.LIKELY,
            Reach.LIKELY,
        ),
        # The declaration is too old beside what came a hundred days later.
        (
            "signals: {declared: {lasts: P30D}}",
            [("declared", 1), ("page_language", 100 * DAY)],
            Reach.CERTAIN,
            Reach.POSSIBLE,
        ),
        (
            "signals: {ip_geolocation: {lasts: newer}}",
            [("ip_geolocation", 1), ("page_language", 100 * DAY)],
            Reach.POSSIBLE,
            Reach.LIKELY,
        ),
    ],
)
def test_other_weights_judge_the_same_evidence_otherwise(
    section: str, evidence: list[tuple[str, int]], usual: Reach, own: Reach
) -> None:
    state = in_force(policy(more=f"residency: {{method: acme/2, {section}}}\n"))
    gb = Match(residency=("GB",))

    def reach(method: Method) -> Reach:
        return gb.reach(record(), Judge(method).judge((subject(*evidence),)), NOW)

    assert reach(DEFAULT_METHOD) is usual
    assert reach(state.method) is own
    assert Judge(state.method).judge((subject(*evidence),)).method == "acme/2"


def test_presence_has_weights_of_its_own() -> None:
    evidence = (subject(("sim_mcc", 1)),)
    own = Judge(method_of("{method: a/1, signals: {sim_mcc: {present: 0.9}}}"))

    assert [tag.band for tag in Judge().judge(evidence).present.tags] == ["LIKELY"]
    assert [tag.band for tag in own.judge(evidence).present.tags] == ["PRESENT"]
    assert own.judge(evidence).resident.tags == ()


def test_of_several_policies_the_first_that_has_a_method_decides() -> None:
    state = in_force(
        policy(name="c", more="residency: {method: c/1}\n"),
        policy(name="b", more="residency: {method: b/1}\n"),
        policy(name="a"),
    )

    assert state.method.name == "b/1"


_WEIGHT = "is not a weight"
_DECIMALS = "a number from 0 to 1 with at most three decimals"


@pytest.mark.parametrize(
    ("section", "where", "what", "remedy"),
    [
        ("{method: evidence/1}", "method", "the name of the default method", "acme/1"),
        ("{resident_from: 0.9}", "method", "`method` is missing", "add `method: …`"),
        ("{method: }", "method", "`method` is empty", "give a value"),
        ("{method: a, resident_from: 1.1}", "resident_from", _WEIGHT, _DECIMALS),
        ("{method: a, resident_from: 80%}", "resident_from", _WEIGHT, _DECIMALS),
        ("{method: a, likely_from: -0.1}", "likely_from", _WEIGHT, _DECIMALS),
        ("{method: a, agreeing_from: .5}", "agreeing_from", _WEIGHT, _DECIMALS),
        (
            "{method: a, resident_from: 0.5, likely_from: 0.501}",
            "likely_from",
            "not above `resident_from`",
            "correct one of the two",
        ),
        # The usual 0.35 is above what is given.
        ("{method: a, resident_from: 0.349}", "likely_from", "not above", "correct one"),
        ("{method: a, likely_from: 0}", "likely_from", "must lie above 0", "correct one"),
        ("{method: a, agreeing_from: 0}", "agreeing_from", "any two groups", "0.5"),
        ("{method: a, strict: yes}", "strict", "is not known here", "method, resident_from"),
        ("{method: a, signal: {}}", "signal", "is not known here", "did you mean `signals`?"),
        ("{method: a, signals: [declared]}", "signals", "must be a mapping", "{key: value}"),
        (
            "{method: a, signals: {declard: {}}}",
            "signals.declard",
            "not in the vocabulary",
            "did you mean `declared`?",
        ),
        (
            "{method: a, signals: {nationality: {resident: 0.5}}}",
            "signals.nationality",
            "not in the vocabulary",
            "known are: bank_country",
        ),
        (
            "{method: a, signals: {declared: 0.5}}",
            "signals.declared",
            "must be a mapping",
            "{key: value}",
        ),
        (
            "{method: a, signals: {declared: {resident: 0.9555}}}",
            "signals.declared.resident",
            _WEIGHT,
            _DECIMALS,
        ),
        (
            "{method: a, signals: {declared: {present: 2}}}",
            "signals.declared.present",
            _WEIGHT,
            _DECIMALS,
        ),
        (
            "{method: a, signals: {declared: {weight: 1}}}",
            "signals.declared.weight",
            "is not known here",
            "group, resident, present, repeated, lasts",
        ),
        (
            "{method: a, signals: {declared: {group: networks}}}",
            "signals.declared.group",
            "not in the vocabulary",
            "did you mean `network`?",
        ),
        (
            "{method: a, signals: {declared: {lasts: P1Y}}}",
            "signals.declared.lasts",
            "not a number of days or weeks",
            "P90D, or `newer`",
        ),
        (
            "{method: a, signals: {declared: {lasts: PT48H}}}",
            "signals.declared.lasts",
            "not a number of days or weeks",
            "P90D, or `newer`",
        ),
        (
            "{method: a, signals: {declared: {lasts: always}}}",
            "signals.declared.lasts",
            "is not an ISO 8601 period",
            "P45D",
        ),
    ],
)
def test_what_is_no_method_is_refused_with_line_place_and_remedy(
    section: str, where: str, what: str, remedy: str
) -> None:
    with pytest.raises(InvalidDocument) as refusal:
        read(section)

    (problem,) = refusal.value.problems
    assert (problem.file, problem.line) == ("p.yaml", 5)
    assert problem.where == f"residency.{where}"
    assert what in problem.what
    assert remedy in problem.remedy
    assert problem.severity == "error"


@pytest.mark.parametrize("section", ["", "~", "evidence/2", "[acme/1]"])
def test_a_section_that_is_no_mapping_is_refused(section: str) -> None:
    with pytest.raises(InvalidDocument, match="`residency` must be a mapping"):
        read(section)


def test_a_wrong_weight_of_presence_does_not_hide_what_else_is_wrong() -> None:
    section = "{method: a, signals: {declared: {present: 2}, declard: {}}}"

    with pytest.raises(InvalidDocument) as refusal:
        read(section)

    assert [problem.where for problem in refusal.value.problems] == [
        "residency.signals.declared.present",
        "residency.signals.declard",
    ]
