"""The sums over records: the newest row counts, whatever comes in which order, how often."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pipeline.identifiers import StoreName
from pipeline.instants import DAY, HOUR, Instant
from pipeline.ledger.due import owed
from pipeline.metrics.inventory import Inventory
from pipeline.metrics.kept import STRIDE, Kept
from pipeline.records import Record, applied
from pipeline.transports.contract import Partition
from tests.metrics.build import START, Desk, lasting, read
from tests.support.build import event, planner_of, policy, rule

PLANNER = planner_of(policy(rule(limit="PT24H"), default="P60D"), now=START)


def row(number: int, version: int, *, residency: str | None = "GB", late: int = 0) -> Record:
    made = applied(None, event(f"r{number}", at=START + late * DAY, residency=residency))
    return replace(made, version=version)


def sums(inventory: Inventory) -> tuple[object, ...]:
    due = [inventory.due_within(Instant(START), days) for days in (-1, 1, 7, 30, 90)]
    return (sorted(inventory.standings()), due, inventory.waiting_since())


def filled(rows: list[Record]) -> Inventory:
    made = Inventory(PLANNER)
    for record in rows:
        made.put(record)
    return made


ROWS = st.builds(
    row,
    st.integers(0, 5),
    st.integers(1, 6),
    residency=st.sampled_from(["GB", "FR", None]),
    late=st.integers(0, 40),
)


@given(st.lists(ROWS, max_size=20, unique_by=lambda one: (one.record_id, one.version)), st.data())
def test_order_and_repetition_change_nothing(rows: list[Record], data: st.DataObject) -> None:
    again = data.draw(st.permutations(rows))
    again += data.draw(st.lists(st.sampled_from(rows), max_size=9)) if rows else []
    newest = {one.record_id: one for one in sorted(rows, key=lambda one: one.version)}
    expected = sums(filled(list(newest.values())))
    assert sums(filled(rows)) == sums(filled(again)) == expected


def test_a_row_that_was_removed_counts_no_more_until_it_is_written_again() -> None:
    inventory = filled([row(1, 1), row(2, 1)])
    inventory.drop(b"r1")
    inventory.drop(b"unknown")
    assert sums(inventory) == sums(filled([row(2, 1)]))
    inventory.put(row(1, 1))
    assert sums(inventory) == sums(filled([row(1, 1), row(2, 1)]))


def test_an_hour_that_has_begun_is_not_passed() -> None:
    inventory = filled([row(1, 1)])
    due = START + DAY
    assert inventory.due_within(Instant(due + HOUR - 1), -1) == 0
    assert inventory.due_within(Instant(due + HOUR), -1) == 1


def test_standings_that_nobody_shares_any_more_leave_nothing_behind() -> None:
    """They tell of hours: a year of them would slow every page down."""
    inventory = Inventory(PLANNER)
    for version in range(1, 200):
        inventory.put(issued(row(1, version), complete_by=START + version * HOUR))
    assert len(inventory.standings()) == 1
    assert len(inventory._counts) <= 3


def issued(record: Record, complete_by: int) -> Record:
    due = owed(record, PLANNER, Instant(START + DAY), may_delete=True).record
    (item,) = due.issued
    later = replace(item, complete_by=Instant(complete_by), issued_at=Instant(START))
    return replace(record, issued=(later,))


def test_a_command_is_overdue_from_the_first_hour_after_its_deadline() -> None:
    inventory = Inventory(PLANNER)
    inventory.put(issued(row(1, 1), complete_by=START + 2 * HOUR + 1))
    ((standing, _),) = inventory.standings()
    assert standing.expected == (((StoreName("images"), START // HOUR + 3), 1),)


def test_what_a_topic_forgot_counts_no_more() -> None:
    kept = Kept()
    kept.add(0, 0, "old", ("a",))
    kept.add(0, 1, "told again", ("a",))
    kept.add(0, STRIDE, "told again", ("a",))
    kept.add(1, 0, "of another partition", ("a",))
    kept.forget(0, 0)
    assert kept.counts["a",] == 3
    kept.forget(0, 1)
    assert kept.counts["a",] == 2
    kept.forget(0, STRIDE)
    assert kept.counts["a",] == 2
    kept.add(0, STRIDE + 1, "old", ("b",))
    assert kept.counts["b",] == 1


def test_a_finding_whose_kind_changes_is_counted_under_the_newer() -> None:
    kept = Kept()
    kept.add(0, 0, "x", ("a",))
    kept.add(0, 1, "x", ("b",))
    assert (kept.counts["a",], kept.counts["b",]) == (0, 1)


def test_a_running_exporter_forgets_what_its_topic_forgot(desk: Desk) -> None:
    desk.quarantine(*range(2 * STRIDE))
    follower = desk.follower()
    labels = (desk.scene.events_topic, "bad_id")
    assert follower.figures()["retention_quarantined_messages"][labels] == 2 * STRIDE
    desk.scene.broker.truncate(Partition("t.quarantine", 0), STRIDE)  # type: ignore[attr-defined]
    there = lasting(read(follower).figures())
    assert there["retention_quarantined_messages"][labels] == STRIDE
    assert there == lasting(desk.figures())


def test_a_record_takes_few_bytes_and_few_kinds_of_standing() -> None:
    inventory = filled([row(number, 1, late=number % 40) for number in range(1_000)])
    assert len(inventory) == 1_000
    assert len(inventory.standings()) == 1
    slots = (inventory._standing, inventory._versions, inventory._hours, inventory._since)
    assert sum(one.itemsize for one in slots) == 24
