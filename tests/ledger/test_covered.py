"""What a deletion covers, and what comes after it: another life."""

import pytest

from pipeline.commands import Command
from pipeline.documents import enveloped
from pipeline.events import Event
from pipeline.identifiers import StoreName
from pipeline.instants import DAY
from pipeline.ledger.parts import Part
from pipeline.records import applied
from tests.ledger.looks import LONG, answer, driven, look, order, record
from tests.support.build import event


def test_a_store_named_later_gets_a_command_of_the_same_life() -> None:
    issued = look(record("images"), 11_000).record
    more = applied(issued, event(at=10_000, what="updated", stores=("index",)))
    [command] = look(more, 12_000).commands
    assert (command.store, command.generation) == ("index", "e-r1-created-1000")


def test_what_a_store_kept_since_its_command_is_not_lost_sight_of() -> None:
    """One store erased up to 11,000, another up to 12,000: data of 12,000 is still in the first."""
    issued = look(record("images"), 11_000).record
    more = applied(issued, event(at=12_000, stores=("images", "index")))
    done = answer(look(more, 12_500).record, 13_000)
    assert done.alive
    again = look(done, 60_000).commands
    assert "images" in {item.store for item in again}


def test_a_deletion_covers_what_was_due_and_not_what_was_collected_after_the_limit() -> None:
    """Read ahead of the limit or after it: the command is the same, and so is the life after it."""
    late = event(at=11_500)
    ahead = look(applied(record(), late), 11_000)
    [command] = ahead.commands
    assert command.data_until == 11_000
    before = answer(ahead.record, 12_000)
    after = applied(answer(look(record(), 11_000).record, 12_000), late)
    gone = before.erased(StoreName("images"))
    assert before.generation(gone) == after.generation(gone) == late.event_id


def test_a_producer_ahead_of_time_hides_no_later_life() -> None:
    """The data of a wrong clock is due with the rest; what comes after it must still be seen."""
    year = 365 * DAY
    wrong = applied(record(), event(at=year, collected_at=1_000))
    done = answer(look(wrong, 11_000).record, 12_000)
    again = applied(done, event(at=20_000))
    assert again.alive


# -- a deletion that a notice orders -------------------------------------------------------------

NOW = 8_000


def ordered(*signs: Event, before: int | None = None) -> Command:
    """Return the deletion that a notice in force since 5,000 orders of what is known by now."""
    known = None
    for sign in signs:
        known = applied(known, sign)
    assert known is not None
    commands = look(known, NOW, LONG, order(before=before)).commands
    [command] = [command for command in commands if command.kind == "DELETE"]
    return command


@pytest.mark.parametrize(
    ("signs", "before", "until"),
    [
        # Up to when the order is in force, at least.
        ([event(at=1_000)], None, 5_000),
        # Whatever is known by now, births and other signs of data.
        ([event(at=1_000), event(at=7_000)], None, 7_000),
        ([event(at=1_000), event(at=7_000, what="accessed")], None, 7_000),
        ([event(at=1_000), event(at=NOW)], None, NOW),
        # Not what has yet to happen.
        ([event(at=1_000), event(at=NOW + 1)], None, 5_000),
        ([event(at=1_000), event(at=7_000), event(at=NOW + 1)], None, 7_000),
        # Not what was collected from the instant on before which the order means it.
        ([event(at=1_000), event(at=7_000)], 7_000, 5_000),
        ([event(at=1_000), event(at=7_000)], 7_001, 7_000),
        ([event(at=1_000), event(at=7_000, collected_at=2_000)], 6_000, 7_000),
        ([event(at=1_000), event(at=7_000, what="accessed")], 6_000, 7_000),
        # Nor anything of that time or later: a store knows only when it took what it holds.
        (
            [event(at=1_000), event(at=6_500), event(at=7_000, what="accessed")],
            6_000,
            5_000,
        ),
        (
            [event(at=1_000), event(at=6_000, what="accessed"), event(at=7_000)],
            6_500,
            6_000,
        ),
    ],
)
def test_an_order_covers_the_newest_data_that_it_means(
    signs: list[Event], before: int | None, until: int
) -> None:
    assert ordered(*signs, before=before).data_until == until


def test_an_order_does_not_mean_what_was_collected_later() -> None:
    known = applied(None, event(at=1_000))
    assert look(known, NOW, LONG, order(before=1_001)).commands
    assert look(known, NOW, LONG, order(before=1_000)).commands == ()


def test_an_order_that_does_not_mean_it_hides_no_other() -> None:
    second = enveloped("notices", order().text.replace("ico-1", "ico-2"), "counsel")
    due = look(record(), NOW, LONG, order(before=1_000), second)
    assert {command.cause for command in due.commands} == {
        "notice:ico-2/stop",
        "notice:ico-2/delete",
    }


def test_what_an_order_covers_is_part_of_the_id_of_its_deletion() -> None:
    """After a rollback more may be known: another coverage is another command."""
    first, later = event(at=1_000), event(at=7_000)
    assert ordered(first).command_id != ordered(first, later).command_id
    assert ordered(first).command_id == ordered(first, event(at=4_000)).command_id
    assert ordered(first).command_id == ordered(first, event(at=NOW + 1)).command_id


def test_what_comes_after_an_ordered_deletion_is_deleted_too_and_only_once() -> None:
    drive = driven(LONG, order())
    assert [command.data_until for command in drive.deletions] == [5_000]
    drive.answer_all(at=11_000)
    drive.give(Part(events=(event(at=12_000),)))
    drive.until(13_000)
    drive.answer_all(at=13_000)
    drive.until(14_000)
    assert [command.data_until for command in drive.deletions] == [5_000, 12_000]


def test_a_maximum_spares_what_is_younger_than_its_limit() -> None:
    known = applied(record(), event(at=12_000))
    assert [command.data_until for command in look(known, 20_000).commands] == [11_000]


@pytest.mark.parametrize("used", [6_000, 15_000])
def test_an_open_deletion_that_covers_everything_is_the_only_one(used: int) -> None:
    """A birth told late gives the life another id, but the deletion on its way reaches it."""
    drive = driven(events=(event(at=5_000), event(at=used, what="accessed")), until=15_000)
    drive.give(Part(events=(event(at=1_000),)))
    drive.until(20_000)
    assert len(drive.deletions) == 1
