"""What was commanded and is not due any more: taken back, and given anew when it is due."""

import pytest

from pipeline.commands import LIFETIME
from pipeline.documents import Envelope
from pipeline.instants import DAY, HOUR
from pipeline.ledger.parts import Part
from tests.ledger.looks import (
    HELD,
    LONG,
    RELEASED,
    answer,
    driven,
    look,
    minimum,
    order,
    publish,
    record,
    say,
    withdrawn,
)
from tests.support.build import event, hold, notice, policy, rule
from tests.support.drive import Drive, ids


def test_a_hold_withdraws_what_was_not_answered_and_its_release_gives_a_new_id_each_time() -> None:
    """A store that was told to forget a command must not take the next one for it."""
    drive = Drive()
    drive.give(Part(envelopes=(policy(),), events=(event(at=1_000),)))
    drive.until(11_000)
    for version in range(1, 7):
        state = "active" if version % 2 else "released"
        drive.give(Part(envelopes=(hold(records=("r1",), version=version, state=state),)))
        drive.until(11_000)
    found = [item.command_id for item in drive.deletions]
    assert len(found) == len(set(found)) == 4
    assert withdrawn(drive) == found[:3]


def test_a_hold_on_what_no_rule_plans_any_more_stops_nothing_else() -> None:
    """A notice alone, its deletion on the way, withdrawn, then a hold: no plan, and no crash."""
    stop, delete = (1_000, 2_000), (1_000, 2_000)
    drive = Drive()
    drive.give(Part(envelopes=(notice(stop=stop, delete=delete),), events=(event(at=500),)))
    drive.until(1_500)
    assert len(drive.deletions) == 1
    drive.give(Part(envelopes=(notice(stop=stop, delete=delete, version=2, state="withdrawn"),)))
    drive.give(Part(envelopes=(hold(records=("r1",)),)))
    drive.until(3_000)
    assert len(drive.deletions) == 1


def test_a_deletion_that_a_corrected_policy_makes_undue_is_withdrawn() -> None:
    """It may wait for approval because the rule was wrong: correcting the rule must stop it."""
    drive = Drive()
    drive.give(Part(envelopes=(policy(rule(at_most=1)),), events=(event(at=1_000),)))
    drive.until(11_000)
    [deletion] = drive.deletions
    drive.give(Part(envelopes=(policy(rule(limit="PT1H"), version=2),)))
    drive.until(12_000)
    assert withdrawn(drive) == [deletion.command_id]


def test_a_deletion_of_a_withdrawn_notice_is_withdrawn_with_it() -> None:
    stop, delete = (2_000, 4_000), (5_000, 9_000)
    drive = Drive()
    known = (policy(rule(limit="PT1H")), notice(stop=stop, delete=delete))
    drive.give(Part(envelopes=known, events=(event(at=1_000),)))
    drive.until(5_000)
    [deletion] = drive.deletions
    drive.give(Part(envelopes=(notice(stop=stop, delete=delete, version=2, state="withdrawn"),)))
    drive.until(6_000)
    assert withdrawn(drive) == [deletion.command_id]


NOT_DONE = ("PENDING", "IN_PROGRESS", "BLOCKED_BY_HOLD", "PARTIAL", "FAILED")
KEEP_FOR_AN_HOUR = policy(rule(), minimum(limit="PT1H"), version=2)


@pytest.mark.parametrize("status", NOT_DONE)
def test_a_hold_withdraws_and_restricts_what_is_not_done_and_its_release_deletes_it_anew(
    status: str,
) -> None:
    drive = driven()
    [first] = drive.deletions
    say(drive, first, status)
    assert publish(drive, HELD, until=12_000) == ["CANCEL", "RESTRICT"]
    assert withdrawn(drive) == [first.command_id]
    drive.until(20 * DAY)
    assert drive.deletions == [first]
    publish(drive, RELEASED, until=20 * DAY + 1)
    [_, second] = drive.deletions
    assert second.command_id != first.command_id


@pytest.mark.parametrize("status", NOT_DONE)
def test_a_new_minimum_withdraws_what_is_not_done_and_its_end_deletes_it_anew(status: str) -> None:
    drive = driven()
    [first] = drive.deletions
    say(drive, first, status)
    assert "CANCEL" in publish(drive, KEEP_FOR_AN_HOUR, until=12_000)
    assert withdrawn(drive) == [first.command_id]
    end = 1_000 + HOUR
    drive.until(end - 1)
    assert drive.deletions == [first]
    drive.until(end)
    [_, second] = drive.deletions
    assert second.command_id != first.command_id


def test_a_new_minimum_restricts_what_it_keeps_in_the_look_that_withdraws() -> None:
    issued = look(record(), 11_000).record
    due = look(issued, 12_000, KEEP_FOR_AN_HOUR)
    assert sorted(command.kind for command in due.commands) == ["CANCEL", "RESTRICT"]


@pytest.mark.parametrize("status", ["COMPLETED", "NOT_FOUND"])
def test_what_is_done_is_not_withdrawn(status: str) -> None:
    drive = driven()
    say(drive, drive.deletions[0], status)
    assert publish(drive, HELD, until=12_000) == []


@pytest.mark.parametrize("document", [HELD, KEEP_FOR_AN_HOUR])
def test_of_two_deletions_in_one_store_both_are_withdrawn(document: Envelope) -> None:
    """A birth told late gives the life another id; what was commanded before still reaches it."""
    drive = driven(events=(event(at=5_000),), until=15_000)
    drive.give(Part(events=(event(at=1_000), event(at=20_000, what="accessed"))))
    drive.until(21_000)
    assert len(ids(drive.deletions)) == 2
    publish(drive, document, until=22_000)
    assert set(withdrawn(drive)) == ids(drive.deletions)


def test_a_hold_withdraws_in_each_store_what_that_store_has_not_done() -> None:
    drive = driven(events=(event(at=1_000, stores=("images", "index")),))
    images, index = sorted(drive.deletions, key=lambda command: command.store)
    say(drive, images, "COMPLETED")
    assert publish(drive, HELD, until=12_000) == ["CANCEL", "RESTRICT"]
    assert withdrawn(drive) == [index.command_id]
    assert {command.store for command in drive.commands if command.kind != "DELETE"} == {"index"}


def test_nothing_is_withdrawn_before_everything_published_until_then_was_read() -> None:
    issued = look(record(), 11_000).record
    early = look(issued, 12_000, policy(), HELD, may_delete=False)
    assert (early.commands, early.wake) == ((), 12_000)
    due = look(issued, 12_000, policy(), HELD)
    assert [command.kind for command in due.commands] == ["RESTRICT", "CANCEL"]


def test_a_deletion_due_for_another_reason_stands() -> None:
    """The rule that asked for it has gone, but the default limit has passed as well."""
    drive = driven(until=70_000)
    assert publish(drive, policy(rule(limit="PT1H"), version=2), until=71_000) == ["CANCEL"]
    drive = driven(until=70_000)
    other = rule("other", "{residency: [FR]}")
    assert publish(drive, policy(other, version=2), until=71_000) == []


@pytest.mark.parametrize("answered", [(), ("RESTRICT",)])
def test_a_withdrawn_notice_takes_back_deletion_and_restriction_in_one_look(
    answered: tuple[str, ...],
) -> None:
    known = look(record(), 5_000, LONG, order()).record
    assert [item.kind for item in known.issued] == ["DELETE", "RESTRICT"]
    if answered:
        known = answer(known, 5_500, only=answered)
    due = look(known, 6_000, LONG)
    assert [command.kind for command in due.commands] == ["CANCEL", "RELEASE"]
    assert {command.withdraws for command in due.commands} == {
        item.command_id for item in known.issued
    }


def test_what_is_withdrawn_is_taken_back_once_and_expires_no_earlier_than_what_it_takes_back() -> (
    None
):
    known = look(record(), 5_000, LONG, order(deadline=50 * DAY)).record
    due = look(known, 6_000, LONG)
    for command in due.commands:
        assert command.expires_at == 80 * DAY
        assert (command.not_before, command.complete_by, command.issued_at) == (6_000,) * 3
    assert look(due.record, 6_001, LONG).commands == ()


def test_a_late_withdrawal_has_a_life_of_its_own() -> None:
    known = look(record(), 5_000, LONG, order()).record
    for command in look(known, 5 * DAY, LONG).commands:
        assert command.expires_at == 5 * DAY + LIFETIME


def test_a_deletion_that_nothing_calls_for_any_more_is_withdrawn_though_no_policy_is_in_force() -> (
    None
):
    known = look(record(), 5_000, order()).record
    due = look(known, 6_000, order(version=2, state="withdrawn"))
    assert [command.kind for command in due.commands] == ["CANCEL", "RELEASE"]


def test_nothing_is_released_while_a_deletion_stands_or_is_due_at_that_instant() -> None:
    both = look(record(), 5_000, LONG, order()).record
    assert look(both, 6_000, LONG, may_delete=False).commands == ()
    held = look(record(), 11_000, policy(), HELD).record
    due = look(held, 11_000, policy(), may_delete=False)
    assert (due.commands, due.wake) == ((), 11_000)


def test_what_was_withdrawn_is_looked_at_again_when_it_is_due_and_no_sooner() -> None:
    issued = look(record(), 11_000).record
    assert look(issued, 12_000, KEEP_FOR_AN_HOUR).wake == 1_000 + HOUR
    stop = order(stop=20_000, delete=30_000)
    assert look(issued, 12_000, LONG, stop).wake == 20_000
    held = look(issued, 12_000, policy(), HELD)
    assert held.wake is not None
    assert held.wake > 12_000
