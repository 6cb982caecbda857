"""Residency is judged from declarations alone; what is not known is UNKNOWN, never a guess."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.events import Evidence, Subject
from pipeline.identifiers import SubjectId
from pipeline.instants import Instant
from pipeline.tags import residency

EVIDENCE = st.builds(
    Evidence,
    st.sampled_from(["declared", "sim_mcc", "ip_geolocation"]),
    st.sampled_from(["GB", "FR", "US-CA"]),
    st.integers(0, 5).map(Instant),
)
SUBJECTS = st.lists(
    st.builds(Subject, st.just(SubjectId("s")), st.lists(EVIDENCE, max_size=4).map(tuple)),
    max_size=4,
)


def subject(*evidence: tuple[str, str, int]) -> Subject:
    return Subject(
        SubjectId("s"), tuple(Evidence(signal, code, Instant(at)) for signal, code, at in evidence)
    )


def test_without_subjects_the_residency_is_unknown() -> None:
    assert residency(()) == ("UNKNOWN",)


def test_a_declaration_is_believed() -> None:
    assert residency((subject(("declared", "GB", 1)),)) == ("GB",)


def test_other_signals_prove_nothing() -> None:
    assert residency((subject(("ip_geolocation", "GB", 1)),)) == ("UNKNOWN",)


def test_the_newest_declaration_of_a_subject_counts() -> None:
    assert residency((subject(("declared", "GB", 1), ("declared", "FR", 2)),)) == ("FR",)


def test_equally_new_declarations_all_count() -> None:
    assert residency((subject(("declared", "GB", 2), ("declared", "FR", 2)),)) == ("FR", "GB")


def test_a_newer_signal_of_another_kind_does_not_displace_a_declaration() -> None:
    assert residency((subject(("declared", "GB", 1), ("sim_mcc", "FR", 9)),)) == ("GB",)


def test_a_subject_without_a_declaration_adds_unknown_to_the_others() -> None:
    found = residency((subject(("declared", "GB", 1)), subject()))
    assert found == ("GB", "UNKNOWN")


@given(SUBJECTS, st.data())
def test_the_order_of_subjects_and_evidence_does_not_matter(
    subjects: list[Subject], data: st.DataObject
) -> None:
    shuffled = [
        Subject(item.subject_id, tuple(data.draw(st.permutations(item.evidence))))
        for item in data.draw(st.permutations(subjects))
    ]
    assert residency(tuple(shuffled)) == residency(tuple(subjects))


@given(SUBJECTS)
def test_a_residency_is_never_empty_and_names_only_declared_territories(
    subjects: list[Subject],
) -> None:
    found = residency(tuple(subjects))
    declared = {e.territory for s in subjects for e in s.evidence if e.signal == "declared"}
    assert found
    assert set(found) <= declared | {"UNKNOWN"}
    assert list(found) == sorted(set(found))
