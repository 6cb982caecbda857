"""Rules: the earliest maximum, the default for every gap, holds beside, notices while in force."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import rules
from pipeline.coverage import Coverage, covering
from pipeline.documents import Envelope, InForce, enveloped
from pipeline.events import Evidence, Subject
from pipeline.identifiers import SubjectId
from pipeline.instants import MAX_INSTANT, Instant
from pipeline.records import Record
from pipeline.rules import Plan
from pipeline.tags import Residency
from tests.ledger.looks import about, known, minimum, person
from tests.support.build import (
    control,
    event,
    hold,
    notice,
    planner_of,
    policy,
    policy_text,
    rule,
)


def planned(record: Record, *envelopes: Envelope) -> Plan:
    return planner_of(*envelopes).plan(record)


def reasons(record: Record, *envelopes: Envelope) -> tuple[str, ...]:
    return planner_of(*envelopes).reasons(record)


def causes(plan: Plan) -> list[str]:
    return [step.cause for step in plan.steps]


def test_of_several_maxima_the_earliest_holds_and_the_others_are_named() -> None:
    document = policy(rule("long", limit="PT1H"), rule("short", limit="PT5S"))
    plan = planned(known(), document)
    assert causes(plan) == ["policy:acme/short"]
    assert plan.limit_at == 6_000
    assert reasons(known(), document) == (
        "RESIDENT of GB (0.95 by declared; evidence/1)",
        "policy:acme/long: a later maximum than policy:acme/short",
    )


def test_of_equal_maxima_the_same_one_holds_whatever_order_they_are_written_in() -> None:
    one = planned(known(), policy(rule("a", limit="PT5S"), rule("b", limit="PT5S")))
    other = planned(known(), policy(rule("b", limit="PT5S"), rule("a", limit="PT5S")))
    assert causes(one) == causes(other) == ["policy:acme/a"]


def test_a_record_that_no_rule_covers_gets_the_default_and_its_gap_is_named() -> None:
    plan = planned(known(event(at=1_000, purpose=None)), policy())
    assert causes(plan) == ["policy:acme/default"]
    assert plan.limit_at == 61_000
    described = "residency=GB purpose=none category=pd:Picture"
    assert plan.gaps == (("NO_RULE", described), ("NO_PURPOSE", described))


def test_without_a_policy_nothing_is_deleted_and_that_is_a_gap() -> None:
    plan = planned(known())
    assert (plan.steps, plan.limit_at) == ((), None)
    assert [gap.kind for gap in plan.gaps] == ["NO_POLICY"]


def test_a_rule_whose_clock_has_not_started_decides_nothing() -> None:
    document = policy(rule("ended", clock="purpose_ended", limit="PT1S"))
    assert causes(planned(known(), document)) == ["policy:acme/default"]
    found = reasons(known(), document)
    assert "policy:acme/ended: its clock (purpose_ended) has not started" in found


def test_a_rule_that_is_only_observed_decides_nothing() -> None:
    text = policy_text(rule("seen", limit="PT1S")).replace("mode: enforce", "mode: observe")
    document = enveloped("policies", text, "counsel")
    assert causes(planned(known(), document)) == ["policy:acme/default"]
    assert "policy:acme/seen: observed, not enforced" in reasons(known(), document)


def test_an_unknown_residency_is_covered_by_every_maximum() -> None:
    record = known(event(at=1_000, residency=None))
    plan = planned(record, policy(rule("fr", "{residency: [FR]}", limit="PT3S")))
    assert causes(plan) == ["policy:acme/fr"]
    assert plan.residency.names == ("UNKNOWN",)


def test_a_hold_stands_beside_the_steps_and_reaches_unknown_residency() -> None:
    text = "hold: h2\nversion: 1\nstate: active\nmatch: {residency: [GB]}\nreason: litigation\n"
    record = known(event(at=1_000, residency=None))
    plan = planned(record, policy(), enveloped("holds", text, "counsel"), hold(records=("r1",)))
    assert plan.holds == ("h1", "h2")
    assert causes(plan) == ["policy:acme/gb-search"]


def test_a_notice_adds_its_steps_to_the_maximum_in_order_of_urgency() -> None:
    order = notice(stop=(2_000, 4_000), delete=(5_000, 90_000))
    plan = planned(known(), policy(), order)
    assert causes(plan) == ["notice:ico-1/stop", "policy:acme/gb-search", "notice:ico-1/delete"]
    assert plan.limit_at == 11_000


def test_a_withdrawn_notice_adds_nothing() -> None:
    stop, delete = (2_000, 4_000), (5_000, 90_000)
    gone = notice(stop=stop, delete=delete, version=2, state="withdrawn")
    plan = planned(known(), policy(), notice(stop=stop, delete=delete), gone)
    assert causes(plan) == ["policy:acme/gb-search"]


def test_a_notice_step_is_due_when_in_force_and_a_maximum_at_its_end_less_the_lead() -> None:
    plan = planned(known(), policy(), notice(stop=(2_000, 4_000), delete=(5_000, 90_000)))
    stop, maximum, delete = plan.steps
    assert [step.at_once for step in plan.steps] == [True, False, True]
    assert stop.due_at(lead=60_000) == 2_000
    assert delete.due_at(lead=60_000) == 5_000
    assert maximum.due_at(lead=4_000) == 7_000
    assert maximum.due_at(lead=60_000) == 1_000


def test_of_several_policies_the_earliest_default_holds() -> None:
    plan = planned(
        known(event(at=1_000, purpose=None)),
        policy(name="a", default="PT50S"),
        policy(name="b", default="PT40S"),
    )
    assert causes(plan) == ["policy:b/default"]
    assert plan.limit_at == 41_000


def test_a_record_of_two_residents_is_covered_by_the_rules_of_both() -> None:
    french = Subject(SubjectId("s2"), (Evidence("declared", "FR", Instant(1)),))
    both = event(at=1_000)
    both = msgspec.structs.replace(both, subjects=(*both.subjects, french))
    strict = rule("fr", "{residency: [FR]}", limit="PT3S")
    plan = planned(known(both), policy(rule(), strict))
    assert plan.residency.names == ("FR", "GB")
    assert causes(plan) == ["policy:acme/fr"]


def test_a_plan_says_the_same_for_records_of_one_class_asked_in_any_order() -> None:
    planner = planner_of(policy(rule(), rule("fr", "{residency: [FR]}", limit="PT3S")))
    records = [known(event(f"r{n}", at=1_000 * n, residency=("GB", "FR")[n % 2])) for n in range(6)]
    first = [planner.plan(record) for record in records]
    again = [planner.plan(record) for record in reversed(records)]
    assert list(reversed(again)) == first


def test_a_citation_is_written_for_a_person() -> None:
    [step] = planned(known(), policy()).steps
    assert "UK GDPR" in step.citation
    assert "Citation(" not in step.citation


@given(
    st.sampled_from(["GB", "FR", None]),
    st.sampled_from(["dpv:SearchFunctionalities", "dpv:CustomerCare", None]),
    st.sampled_from(["collected", "last_interaction", "purpose_ended", "consent_withdrawn"]),
    st.sampled_from(["created", "accessed", "purpose_ended", "informed"]),
)
def test_every_living_record_has_a_finite_limit(
    residency: str | None, purpose: str | None, clock: str, what: str
) -> None:
    record = known(event(at=1_000, residency=residency, purpose=purpose, what=what))
    plan = planned(record, policy(rule(clock=clock, limit="PT1H")))
    assert plan.limit_at is not None
    assert Instant(1_000) < plan.limit_at <= 3_601_000


# -- duties to keep --------------------------------------------------------------------------------


def test_of_equal_minima_that_of_the_greatest_name_is_said_to_keep() -> None:
    one, other = minimum("b"), minimum("a", clock="last_interaction")
    for both in ((one, other), (other, one)):
        [step] = planned(known(), policy(rule(), *both)).steps
        assert step.kept_by == "policy:acme/b"


@pytest.mark.parametrize(("limit", "by"), [("PT4S", ""), ("PT5S", "policy:acme/keep")])
def test_a_minimum_that_has_ended_when_a_step_comes_into_force_keeps_nothing(
    limit: str, by: str
) -> None:
    order = notice(stop=(90_000, 95_000), delete=(5_000, 95_000))
    steps = planned(known(), policy(rule(limit="PT1H"), minimum(limit=limit)), order).steps
    [deletion] = [step for step in steps if step.cause == "notice:ico-1/delete"]
    assert (deletion.kept_by, deletion.deadline) == (by, 95_000)


@pytest.mark.parametrize(("signal", "keeps"), [("phone_number", True), ("page_cctld", False)])
def test_a_minimum_keeps_of_whom_it_likely_means(signal: str, keeps: bool) -> None:
    made = msgspec.structs.replace(event(at=1_000), subjects=(person((signal, "GB")),))
    [step] = planned(known(made), policy(rule("all", "{}"), minimum())).steps
    assert bool(step.kept_by) == keeps


def test_what_no_rule_covers_is_kept_past_the_default_limit() -> None:
    document = policy(rule("fr", "{residency: [FR]}"), minimum())
    [step] = planned(known(), document).steps
    assert (step.cause, step.kept_by) == ("policy:acme/default", "policy:acme/keep")


def test_steps_are_in_order_of_urgency_with_or_without_a_policy() -> None:
    order = notice(stop=(5_000, 90_000), delete=(5_000, 80_000))
    assert causes(planned(known(), order)) == ["notice:ico-1/delete", "notice:ico-1/stop"]


def test_of_whom_a_notice_likely_means_its_deletion_restricts_at_once() -> None:
    order = notice(stop=(2_000, 90_000), delete=(5_000, 90_000))
    steps = planned(about(person(("phone_number", "GB"))), order).steps
    found = {(step.kind, step.cause.partition("/")[2], step.due_at(lead=1_000)) for step in steps}
    assert found == {
        ("RESTRICT", "stop", 2_000),
        ("RESTRICT", "delete", 5_000),
        ("DELETE", "delete", 89_000),
    }


# -- another life ----------------------------------------------------------------------------------

GONE = Instant(5_000)
BEFORE_THAT = 'collected_before: "1970-01-01T00:00:08Z"\nmatch:'


def come_back() -> Record:
    """Return a record whose clock of a purpose ended in a former life."""
    ended = event(at=2_000, what="purpose_ended")
    return known(event(at=1_000), ended, event(at=GONE, what="deleted"), event(at=9_000))


@pytest.mark.parametrize(
    ("documents", "limit", "steps"),
    [
        ([policy()], 19_000, ["policy:acme/gb-search"]),
        ([policy(rule(clock="purpose_ended"))], 69_000, ["policy:acme/default"]),
        (
            [policy(rule(), rule("e", clock="purpose_ended")), control("pause", "rule:acme/x")],
            19_000,
            ["policy:acme/gb-search"],
        ),
        ([enveloped("notices", text, "counsel") for text in (
            notice(stop=(1, 2), delete=(1, 2)).text.replace("match:", BEFORE_THAT),
        )], None, []),
    ],
)  # fmt: skip
def test_a_new_life_is_planned_from_its_own_facts(
    documents: list[Envelope], limit: int | None, steps: list[str]
) -> None:
    plan = planner_of(*documents).plan(come_back(), GONE)
    assert (plan.limit_at, causes(plan)) == (limit, steps)


def test_a_new_life_is_kept_from_its_own_beginning() -> None:
    document = policy(rule(), minimum(), minimum("ended", clock="purpose_ended"))
    [step] = planner_of(document).plan(come_back(), GONE).steps
    assert (step.kept_by, step.kept_until) == ("policy:acme/ended", MAX_INSTANT)


# -- classes of records ----------------------------------------------------------------------------


def test_records_of_other_sources_are_of_another_class_only_where_a_rule_asks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    worked_out: list[Record] = []

    def counted(in_force: InForce, record: Record, judged: Residency) -> Coverage:
        worked_out.append(record)
        return covering(in_force, record, judged)

    monkeypatch.setattr(rules, "covering", counted)
    records = [about(person(("declared", "GB")), source=name) for name in ("web", "shop", "web")]
    asking = planner_of(policy(rule("web", "{source: [web]}"), rule("all", "{}", limit="PT20S")))
    assert [causes(asking.plan(record)) for record in records] == [
        ["policy:acme/web"],
        ["policy:acme/all"],
        ["policy:acme/web"],
    ]
    assert len(worked_out) == 2
    indifferent = planner_of(policy())
    for record in records:
        indifferent.plan(record)
    assert len(worked_out) == 3
    monkeypatch.setattr(rules, "MAX_CLASSES", 1)
    for purpose in ("dpv:Marketing", "dpv:CustomerCare"):
        indifferent.plan(about(person(("declared", "GB")), purpose=purpose))
    assert len(indifferent._coverages) == 1
