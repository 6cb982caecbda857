"""Which holds are on a record: what is named, what matches, and what may be meant."""

import time

import pytest

from pipeline.identifiers import Cause, RecordId, StoreName
from pipeline.records import Record
from pipeline.tags import Residency
from tests.documents.states import (
    GB,
    IN_EU,
    OUT_OF_EU,
    conclusion,
    held,
    in_force,
    record,
    resident,
    versions,
)
from tests.documents.texts import control, hold, policy, rule

HINTS_AT_FR = Residency(resident=conclusion(candidates=("FR",)))


@pytest.mark.parametrize(
    ("selectors", "what", "judged", "expected"),
    [
        ("records: [r-1]", record("r-1"), GB, True),
        ("records: [r-1]", record("r-2"), GB, False),
        ("subjects: [s-1]", record(subjects=("s-1",)), GB, True),
        ("subjects: [s-1]", record(subjects=("s-2", "s-1")), GB, True),
        ("subjects: [s-1]", record(subjects=("s-2",)), GB, False),
        ("subjects: [s-1]", record("s-1"), GB, False),
        ("match: {residency: GB}", record(), GB, True),
        ("match: {residency: GB}", record(), resident("FR"), False),
        ("match: {residency: GB}", record(), resident(), True),
        # What may be meant is not destroyed, however little speaks for it.
        ("match: {residency: GB}", record(), HINTS_AT_FR, True),
        ("match: {residency: GB-ENG}", record(), GB, True),
        ("match: {residency: [GB, UNKNOWN]}", record(), resident(), True),
        ("match: {present: GB}", record(), GB, True),
        ("match: {residency: GB, source: web}", record(sources=("api",)), resident(), False),
        ("match: {source: web}", record(sources=("web",)), GB, True),
        ("match: {category: pd:Biometric}", record(categories=("pd:FacialPrint",)), GB, True),
        ("records: [r-1]\nsubjects: [s-1]", record(subjects=("s-1",)), GB, True),
    ],
)
def test_a_hold_is_on_what_it_names(
    selectors: str, what: Record, judged: Residency, expected: bool
) -> None:
    assert held(in_force(hold(selectors)), what, judged) == (["h-1"] if expected else [])


def test_a_released_hold_is_on_nothing() -> None:
    state = in_force(hold(version=2, state="released"), hold(version=1))

    assert held(state, record("r-1")) == []
    assert state.holds_naming(RecordId("r-1")) == ()


def test_a_hold_that_matches_a_group_asks_membership_when_it_is_in_force() -> None:
    state = versions(hold("match: {residency: EU}"))

    assert held(state.in_force(IN_EU), record()) == ["h-1"]
    assert held(state.in_force(OUT_OF_EU), record()) == []


def test_holds_that_name_a_record_are_found_without_its_facts() -> None:
    state = in_force(
        hold("records: [r-1]", name="b"),
        hold("records: [r-1, r-2]", name="a"),
        hold("subjects: [s-1]\nmatch: {residency: GB}", name="c"),
    )

    assert [found.document_id for found in state.holds_naming(RecordId("r-1"))] == ["a", "b"]
    assert state.holds_naming(RecordId("r-3")) == ()


def test_all_holds_on_a_record_are_given_once_and_by_id() -> None:
    state = in_force(
        hold("subjects: [s-1, s-2]", name="c"),
        hold("match: {residency: GB}", name="a"),
        hold("records: [r-1]\nmatch: {residency: GB}", name="b"),
        hold("records: [r-2]", name="d"),
    )

    assert held(state, record("r-1", subjects=("s-1", "s-2"))) == ["a", "b", "c"]


def test_a_question_costs_no_more_with_many_held_records_than_with_few() -> None:
    asked = record("r-77", subjects=("s-1",))

    def seconds(numbers: range) -> float:
        """Return the CPU time of a thousand questions with so many records under the hold."""
        ids = ", ".join(f"r-{number}" for number in numbers)
        state = in_force(hold(f"records: [{ids}]"), policy(rule()), control("resume"))
        assert held(state, asked) == ["h-1"]
        state.stopped(StoreName("images"), Cause("policy:acme/faces"))
        start = time.thread_time()
        for _ in range(1_000):
            state.holds_on(asked, GB)
            state.stopped(StoreName("images"), Cause("policy:acme/faces"))
            state.lead(StoreName("images"))
        return time.thread_time() - start

    assert seconds(range(20_000)) < 20 * seconds(range(77, 78)), "it may not look at each"
