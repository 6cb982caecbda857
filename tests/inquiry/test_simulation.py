"""What documents would do to an inventory, beside those in force."""

import msgspec
import pytest

from pipeline.documents import Envelope, Versions
from pipeline.inquiry.simulation import Changes, Day, Line, Outcome, Simulation, Simulator
from pipeline.instants import DAY, MAX_INSTANT, MIN_INSTANT, Instant
from pipeline.ledger.due import owed
from pipeline.ledger.leaving import DELETE
from pipeline.records import Heard, Record, applied
from pipeline.rules import Planner
from tests.ledger.files import bank, file, keep
from tests.oracle.generate import history
from tests.oracle.history import BASE
from tests.oracle.simulate import Run
from tests.support.build import event, hold, notice, planner_of, policy, rule

BEGIN = Instant(1_000)
END = Instant(BEGIN + 10 * DAY)
NOW = policy(rule("a", "{residency: [GB]}", limit="PT240H"), default="PT9600H")


def within(hours: int, *, name: str = "a") -> Envelope:
    return policy(
        rule(name, "{residency: [GB]}", limit=f"PT{hours}H"), version=2, default="PT9600H"
    )


def known(record_id: str = "r1", **options: object) -> Record:
    return applied(None, event(record_id, at=BEGIN, **options))  # type: ignore[arg-type]


def simulated(
    before: tuple[Envelope, ...],
    after: tuple[Envelope, ...],
    *records: Record,
    until: int = END,
) -> Simulation:
    simulator = Simulator(planner_of(*before), planner_of(*after), BEGIN, Instant(until))
    for record in records:
        simulator.take(record)
    return simulator.done()


def test_an_empty_inventory_changes_nothing() -> None:
    found = simulated((NOW,), (within(24),))
    assert (found.records, found.lines, found.changes) == (0, (), Changes())
    assert {(day.in_force, day.simulated) for day in found.days} == {(0, 0)}


def test_a_shorter_limit_is_told_by_store_and_rule_and_day() -> None:
    found = simulated((NOW,), (within(48),), known(), known("r2"), until=END - 1)
    cause = "policy:acme/a"
    assert found.lines == (
        Line("images", cause, "due", 0, 2),
        Line("images", cause, "later", 2, 0),
    )
    assert found.changes == Changes(newly_due=2)
    assert [(day.at, day.simulated) for day in found.days if day.simulated] == [
        (BEGIN + 2 * DAY, 2)
    ]


@pytest.mark.parametrize(
    ("after", "changes"),
    [
        (within(240), Changes(same=1)),
        (within(239), Changes(earlier=1)),
        (within(240, name="b"), Changes(other_cause=1)),
        (within(480), Changes(no_longer_due=1)),
    ],
)
def test_what_differs(after: Envelope, changes: Changes) -> None:
    assert simulated((NOW,), (after,), known()).changes == changes


def test_a_longer_limit_within_the_end_is_later() -> None:
    found = simulated((NOW,), (within(300),), known(), until=END + 10 * DAY)
    assert found.changes == Changes(later=1)


@pytest.mark.parametrize(
    ("documents", "outcome", "cause"),
    [
        ((NOW,), Outcome.DUE, "policy:acme/a"),
        ((NOW, hold(records=("r1",))), Outcome.HELD, "policy:acme/a"),
        ((NOW, hold(records=("r2",))), Outcome.DUE, "policy:acme/a"),
        ((within(481),), Outcome.LATER, "policy:acme/a"),
        ((), Outcome.UNLIMITED, ""),
        ((NOW, notice(stop=(1_000, 2_000), delete=(5_000, 6_000))), Outcome.DUE, None),
    ],
)
def test_outcomes(documents: tuple[Envelope, ...], outcome: Outcome, cause: str | None) -> None:
    [line] = simulated(documents, documents, known()).lines
    assert line.outcome == outcome
    assert line.cause == ("notice:ico-1/delete" if cause is None else cause)


def test_a_duty_to_keep_protects() -> None:
    kept = rule("keep", "{residency: [GB]}", limit="PT480H").replace(
        "mode: enforce", "mode: enforce\n    bound: minimum"
    )
    maximum = rule("a", "{residency: [GB]}", limit="PT240H")
    documents = (policy(maximum, kept, default="PT9600H"),)
    [line] = simulated(documents, documents, known()).lines
    assert (line.outcome, line.cause) == (Outcome.PROTECTED, "policy:acme/a")


def test_fields_that_no_duty_means_are_due_in_part_and_newly_so() -> None:
    record = msgspec.structs.replace(applied(None, file(at=BEGIN)), version=1)
    day = "PT24H"
    found = simulated(
        (bank(keep(limit="P9999D"), limit="P999D"),),
        (bank(keep(limit="P9999D"), limit=day),),
        record,
    )
    assert {(line.outcome, line.in_force, line.simulated) for line in found.lines} == {
        (Outcome.LATER, 1, 0),
        (Outcome.IN_PART, 0, 1),
    }
    assert found.changes == Changes(newly_due=1)
    assert sum(one.simulated for one in found.days) == 1
    whole = simulated((bank(keep(limit="P9999D"), limit=day),), (within(24),), record)
    assert whole.changes == Changes(newly_due=1)
    held = bank(keep(limit="P9999D"), limit=day), hold(records=("r1",))
    assert {line.outcome for line in simulated(held, held, record).lines} == {Outcome.HELD}


def test_what_is_overdue_falls_on_the_first_day() -> None:
    old = applied(None, event("r1", at=BEGIN - 999))
    found = simulated((within(1),), (within(1),), msgspec.structs.replace(old, version=1))
    assert found.days[0] == Day(BEGIN, 1, 1)


def test_of_several_rows_the_newest_counts_and_a_removed_one_does_not() -> None:
    simulator = Simulator(planner_of(NOW), planner_of(NOW), BEGIN, END)
    new = msgspec.structs.replace(known(), version=7, stores=())
    for record in (new, msgspec.structs.replace(known(), version=3)):
        simulator.take(record)
    assert [line.store for line in simulator.done().lines] == [""]
    simulator.forget(new.record_id)
    assert simulator.done().records == 0


def test_people_of_unknown_residency_are_counted() -> None:
    found = simulated((NOW,), (NOW,), known(), known("r2", residency=None))
    assert (found.records, found.unknown) == (2, 1)


def test_over_random_histories_the_verdict_is_what_the_job_would_do() -> None:
    seen = set()
    for seed in range(40):
        ledger = Run(history(seed)).play().drive.ledger
        # Pauses and approvals are not simulated.
        documents = [one for one in ledger.versions.envelopes if one.kind != "controls"]
        planner = Planner(Versions.of(documents).in_force(ledger.now))
        for until in (Instant(BASE + 5_000), Instant(BASE + 30_000), ledger.now):
            simulator = Simulator(planner, planner, until, until)
            for kept in ledger.holdings.records():
                # Its parents have spoken: a job asks them first, a simulation does not.
                heard = tuple([Heard(one, at=MAX_INSTANT, answered=True) for one in kept.parents])
                record = msgspec.structs.replace(kept, issued=(), cut=MIN_INSTANT, heard=heard)
                due = owed(record, planner, until, may_delete=True)
                commanded = {(c.store, c.cause) for c in due.commands if c.kind == DELETE}
                verdicts = simulator._verdicts(record, planner)
                assert commanded == {
                    (store, one.cause)
                    for store, one in verdicts.items()
                    if store and one.outcome is Outcome.DUE
                }
                seen |= {one.outcome for one in verdicts.values()}
    assert seen >= {Outcome.DUE, Outcome.HELD, Outcome.PROTECTED, Outcome.LATER}
