"""Over random histories: what is explained agrees with itself and with the job's own planner."""

from collections.abc import Iterator

import msgspec
import pytest

from pipeline.inquiry.explain import explain
from pipeline.inquiry.explanation import Dossier, Explanation, LifeSaid, Published, Result, Row
from pipeline.inquiry.telling import in_words
from pipeline.instants import MIN_INSTANT, Instant
from pipeline.ledger.inventory import derived
from pipeline.ledger.unanswered import status
from pipeline.records import Record
from pipeline.rules import Plan, Planner
from tests.oracle.generate import history
from tests.oracle.history import BASE
from tests.oracle.simulate import Run

HISTORIES = 60
Told = tuple[Explanation, Record, dict[Instant, Plan]]


@pytest.fixture(scope="module")
def told() -> list[Told]:
    """Every record of every history at its end, with the plans of its lives."""
    return [one for seed in range(HISTORIES) for one in _of(seed)]


def _of(seed: int) -> Iterator[Told]:
    ledger = Run(history(seed)).play().drive.ledger
    now = ledger.now
    published = tuple(Published(Instant(BASE), one) for one in ledger.versions.envelopes)
    planner = Planner(ledger.versions.in_force(now))
    kept = list(ledger.holdings.records())
    # Most are gone at the end: as if nothing had been commanded or reported, they are all there.
    kept += [msgspec.structs.replace(one, issued=(), cut=MIN_INSTANT) for one in kept]
    for record in kept:
        rows = (Row(Instant(BASE), record),)
        said = explain(Dossier(record_id=record.record_id, rows=rows, published=published), now)
        yield said, record, {gone: planner.plan(record, gone) for gone in record.lives()}


def lives(told: list[Told]) -> Iterator[LifeSaid]:
    for said, _, _ in told:
        yield from said.lives


def test_there_is_much_to_explain(told: list[Told]) -> None:
    results = {one.result for life in lives(told) for one in life.considered}
    assert len(list(lives(told))) > 3 * HISTORIES
    for result in (
        Result.DECIDES,
        Result.LATER,
        Result.NOT_NEEDED,
        Result.NO_MATCH,
        Result.KEEPS,
        Result.ORDERS,
        Result.RESTRICTS_ONLY,
        Result.BLOCKS,
        Result.RELEASED,
        Result.WITHDRAWN,
    ):
        assert result in results, result


def test_the_plans_are_the_planners_own(told: list[Told]) -> None:
    for said, record, plans in told:
        assert said.status == status(record)
        assert sorted(life.limit_at or 0 for life in said.lives) == sorted(
            plan.limit_at or 0 for plan in plans.values()
        )
        assert {gap for life in said.lives for gap in life.gaps} == {
            gap for plan in plans.values() for gap in derived(record, plan).gaps
        }


def test_one_maximum_decides_where_there_is_a_limit_and_none_where_there_is_none(
    told: list[Told],
) -> None:
    for life in lives(told):
        deciding = [one for one in life.considered if one.result == Result.DECIDES]
        assert [one.ends_at for one in deciding] == (
            [] if life.limit_at is None else [life.limit_at]
        )
        for one in life.considered:
            if one.result == Result.LATER and life.limit_at is not None:
                assert one.ends_at is not None
                assert one.ends_at >= life.limit_at


def test_every_step_comes_from_something_that_was_considered_and_nothing_else_does(
    told: list[Told],
) -> None:
    acting = {Result.DECIDES, Result.LATER, Result.ORDERS, Result.RESTRICTS_ONLY}
    for life in lives(told):
        results = {one.name: one.result for one in life.considered}
        for step in life.steps:
            assert results[step.cause] in acting
            assert step.kept_by is None or results[step.kept_by] == Result.KEEPS
        causes = {step.cause for step in life.steps}
        for one in life.considered:
            if one.result in {Result.ORDERS, Result.RESTRICTS_ONLY, Result.DECIDES}:
                assert one.name in causes
            if one.result in {Result.NO_MATCH, Result.WITHDRAWN, Result.LEAVES}:
                assert one.name not in causes


def test_holds_that_block_are_those_of_the_plan(told: list[Told]) -> None:
    for life in lives(told):
        blocking = {one.name for one in life.considered if one.result == Result.BLOCKS}
        # A restriction that a person asked for keeps as a hold does; it is told of as a request.
        holds = {name for name in life.holds if not name.startswith("request:")}
        assert blocking == {f"hold:{name}" for name in holds}


def test_what_does_not_mean_a_record_says_why(told: list[Told]) -> None:
    for life in lives(told):
        for one in life.considered:
            if one.bound in {"maximum", "minimum", "notice"}:
                assert (one.result != Result.NO_MATCH) or one.missed, one


def test_every_story_can_be_told(told: list[Told]) -> None:
    for said, _, _ in told:
        lines = list(in_words(said))
        assert lines[0].startswith(f"Record {said.record_id}")
        assert max(map(len, lines)) < 400
