"""Residency is judged by evidence: by tables of signs, and by what must hold of any evidence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.events import Evidence, Subject
from pipeline.identifiers import SubjectId
from pipeline.instants import DAY, Instant
from pipeline.tags import DEFAULT_METHOD, DEFAULT_SIGNALS, GROUPS, Judge, Method, Signal
from pipeline.vocabulary import SIGNALS

EVIDENCE = st.builds(
    Evidence,
    st.sampled_from(sorted(SIGNALS)),
    st.sampled_from(["GB", "FR", "US", "US-CA", "JE"]),
    st.sampled_from([1, 2, 40 * DAY, 100 * DAY, 400 * DAY, 900 * DAY]).map(Instant),
)
SUBJECTS = st.lists(
    st.builds(Subject, st.just(SubjectId("s")), st.lists(EVIDENCE, max_size=5).map(tuple)),
    max_size=3,
)
JUDGE = Judge()


def subject(*evidence: tuple[str, str, int]) -> Subject:
    return Subject(
        SubjectId("s"),
        tuple(sorted(Evidence(signal, code, Instant(at)) for signal, code, at in evidence)),
    )


def bands(*evidence: tuple[str, str, int], judge: Judge = JUDGE) -> dict[str, str]:
    """Return the band of each territory of residence."""
    found = judge.judge((subject(*evidence),)).resident
    return {tag.territory: tag.band for tag in found.tags}


@pytest.mark.parametrize(
    ("signal", "band"),
    [
        ("declared", "RESIDENT"),
        ("verified_address", "RESIDENT"),
        ("regulator_list", "RESIDENT"),
        ("billing_address", "RESIDENT"),
        ("bank_country", "RESIDENT"),
        ("gps_exif", "LIKELY"),
        ("phone_number", "LIKELY"),
        ("ip_geolocation", "LIKELY"),
        ("profile_location", "LIKELY"),
        ("sim_mcc", None),
        ("page_cctld", None),
        ("page_language", None),
    ],
)
def test_what_one_signal_alone_concludes(signal: str, band: str | None) -> None:
    assert bands((signal, "GB", 1)) == ({} if band is None else {"GB": band})


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        # Two groups of at least 0.5 that agree decide, though 1 - 0.45 * 0.55 is below 0.8.
        ([("phone_number", "GB", 1), ("profile_location", "GB", 1)], {"GB": "LIKELY"}),
        ([("phone_number", "GB", 1), ("ip_geolocation", "GB", 1)], {"GB": "LIKELY"}),
        # Of one group only the strongest counts.
        ([("profile_location", "GB", 1), ("page_cctld", "GB", 1)], {"GB": "LIKELY"}),
        # Signals of different groups may speak of different territories.
        (
            [("declared", "GB", 1), ("ip_geolocation", "FR", 1)],
            {"GB": "RESIDENT", "FR": "LIKELY"},
        ),
        # Somebody in US-CA is in the US.
        ([("declared", "US-CA", 1)], {"US": "RESIDENT", "US-CA": "RESIDENT"}),
        (
            [("declared", "US-CA", 1), ("bank_country", "US", 1)],
            {"US": "RESIDENT", "US-CA": "RESIDENT"},
        ),
        # The same group, two territories, at one time: a conflict; neither counts.
        ([("declared", "GB", 1), ("bank_country", "FR", 1)], {}),
        ([("declared", "GB", 1), ("declared", "FR", 1)], {}),
        # A conflict in one group leaves the others.
        (
            [("ip_geolocation", "GB", 1), ("ip_geolocation", "FR", 2), ("declared", "DE", 1)],
            {"DE": "RESIDENT"},
        ),
        # A newer declaration replaces the older one.
        ([("declared", "GB", 1), ("declared", "FR", 2)], {"FR": "RESIDENT"}),
        # A billing address of three years ago does not count beside newer evidence, nor conflict.
        (
            [("billing_address", "GB", 1), ("declared", "FR", 900 * DAY)],
            {"FR": "RESIDENT"},
        ),
        # GPS repeated over three months says more of residence than one photo.
        ([("gps_exif", "GB", 1), ("gps_exif", "GB", 90 * DAY + 1)], {"GB": "LIKELY"}),
        (
            [("gps_exif", "GB", 1), ("gps_exif", "GB", 100 * DAY), ("profile_location", "GB", 9)],
            {"GB": "RESIDENT"},
        ),
        # The Crown dependencies are not the UK.
        ([("declared", "JE", 1)], {"JE": "RESIDENT"}),
    ],
)
def test_what_several_signals_conclude(
    evidence: list[tuple[str, str, int]], expected: dict[str, str]
) -> None:
    assert bands(*evidence) == expected


def test_two_agreeing_groups_make_a_resident_below_the_score() -> None:
    judge = Judge(
        Method("t/1", signals=(("a", Signal("device", 550, 0)), ("b", Signal("network", 500, 0))))
    )
    evidence = (Evidence("a", "GB", Instant(1)), Evidence("b", "GB", Instant(1)))
    (tag,) = judge.judge((Subject(SubjectId("s"), evidence),)).resident.tags
    assert (tag.band, tag.score, tag.signals) == ("RESIDENT", 775, ("a", "b"))


def test_presence_is_a_tag_of_its_own() -> None:
    """A SIM card says where somebody is, not where they reside."""
    found = JUDGE.judge((subject(("sim_mcc", "FR", 1), ("declared", "GB", 1)),))
    assert {tag.territory: tag.band for tag in found.resident.tags} == {"GB": "RESIDENT"}
    assert {tag.territory: tag.band for tag in found.present.tags} == {
        "FR": "LIKELY",
        "GB": "PRESENT",
    }


def test_what_is_not_enough_is_kept_as_a_candidate() -> None:
    found = JUDGE.judge((subject(("page_cctld", "FR", 1)),)).resident
    assert (found.tags, found.candidates, found.unknown, found.groundless) == (
        (),
        ("FR",),
        True,
        False,
    )


def test_without_people_or_evidence_nothing_is_concluded() -> None:
    for subjects in ((), (subject(),)):
        found = JUDGE.judge(subjects).resident
        assert (found.tags, found.unknown, found.groundless) == ((), True, True)


def test_a_conflict_is_named_with_its_group() -> None:
    found = JUDGE.judge((subject(("declared", "GB", 1), ("bank_country", "FR", 1)),))
    assert found.conflicts == ("declared: FR, GB",)
    assert found.resident.candidates == ("FR", "GB")


def test_every_person_of_a_record_counts_and_one_unknown_makes_it_unknown() -> None:
    found = JUDGE.judge((subject(("declared", "GB", 1)), subject(("declared", "FR", 1)), subject()))
    assert found.names == ("FR", "GB", "UNKNOWN")


def test_a_tag_names_its_method_and_the_signals_it_rests_on() -> None:
    found = JUDGE.judge((subject(("phone_number", "GB", 1), ("ip_geolocation", "GB", 1)),))
    assert found.method == DEFAULT_METHOD.name
    assert found.resident.tags[0].signals == ("ip_geolocation", "phone_number")
    assert found.resident.tags[0].score == 1_000 - 450 * 650 // 1_000


def test_every_signal_of_the_vocabulary_has_a_weight_and_a_group() -> None:
    assert DEFAULT_SIGNALS.keys() == SIGNALS
    assert {signal.group for signal in DEFAULT_SIGNALS.values()} == set(GROUPS)


@given(SUBJECTS, st.data())
def test_the_order_of_people_does_not_matter(subjects: list[Subject], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(subjects))
    assert JUDGE.judge(tuple(shuffled)) == JUDGE.judge(tuple(subjects))


@given(st.lists(EVIDENCE, max_size=5), st.integers(1, 10**12))
def test_the_same_evidence_at_another_time_concludes_the_same(
    evidence: list[Evidence], later: int
) -> None:
    """Age is measured at the newest evidence, so that no clock is asked."""
    moved = [Evidence(e.signal, e.territory, Instant(e.observed_at + later)) for e in evidence]
    one, other = (
        JUDGE.judge((Subject(SubjectId("s"), tuple(sorted(items))),)) for items in (evidence, moved)
    )
    assert one == other


@given(st.lists(EVIDENCE, max_size=6))
def test_what_is_remembered_of_signs_is_what_would_be_judged(evidence: list[Evidence]) -> None:
    """The quick way, which forgets when signs were observed, agrees with the long way."""
    person = Subject(SubjectId("s"), tuple(sorted(evidence)))
    if person.evidence:
        assert JUDGE.judge((person,)) == JUDGE._of_evidence(person.evidence)


@given(SUBJECTS)
def test_only_territories_that_evidence_names_are_concluded(subjects: list[Subject]) -> None:
    found = JUDGE.judge(tuple(subjects))
    named = {e.territory.partition("-")[0] for s in subjects for e in s.evidence}
    for axis in (found.resident, found.present):
        assert {tag.territory.partition("-")[0] for tag in axis.tags} <= named
        assert all(350 <= tag.score <= 1_000 for tag in axis.tags)
