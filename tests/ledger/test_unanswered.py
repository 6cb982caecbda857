"""Commands that no store settles: sent again, overdue, expired."""

import pytest

from pipeline.commands import LIFETIME
from pipeline.documents import Envelope, enveloped
from pipeline.instants import DAY, HOUR, Instant
from pipeline.ledger.parts import Part, Span
from pipeline.ledger.unanswered import OVERDUE_AFTER, unanswered
from pipeline.vocabulary import ReceiptStatus
from tests.ledger.looks import (
    HELD,
    LONG,
    answer,
    driven,
    found,
    look,
    minimum,
    order,
    planner,
    publish,
    record,
    say,
)
from tests.support.build import control, event, hold, policy, policy_text, rule
from tests.support.drive import Drive, ids


def test_an_unanswered_command_is_overdue_once_and_not_before_a_store_could_answer() -> None:
    issued = look(record(), 11_000).record
    deadline = 11_000 + OVERDUE_AFTER
    early = look(issued, deadline - 1)
    assert (early.findings, early.wake) == ((), deadline)
    late = look(issued, deadline)
    assert [item.kind for item in late.findings] == ["OVERDUE"]
    assert look(late.record, deadline + 1).findings == ()


def test_a_settled_command_is_never_overdue() -> None:
    issued = look(record("images", "index"), 11_000).record
    half = answer(issued, 12_000, store="images")
    found = look(half, 11_000 + OVERDUE_AFTER).findings
    assert len(found) == 1
    assert "store index" in found[0].what


def test_a_rebuild_does_not_repeat_a_deletion_that_a_hold_now_blocks() -> None:
    """It may have waited in the governor and never have left; under a hold it must not."""
    drive = Drive()
    drive.give(Part(envelopes=(policy(),), events=(event(at=1_000),)))
    drive.until(11_000)
    known = drive.ledger.holdings.get(event().record_id)
    assert known is not None
    again = Drive(awaited={"records": 1})
    again.give(Part(envelopes=(policy(), hold(records=("r1",))), tick=Instant(12_000)))
    again.give(Part(rows=(known,), spans=(Span("records", 0, 0, 1, 0, 1),)))
    assert again.deletions == []


START = 11_000
EXPIRES = START + LIFETIME
SCOPES = ("all", "store:images", "rule:acme/gb-search")


def sent(drive: Drive, days: range) -> list[tuple[int, str, int]]:
    """Let days pass; return what leaves on which: day, kind, and how often it has been sent."""
    said, told = [], len(drive.commands)
    for day in days:
        drive.until(START + day * DAY)
        said += [(day, item.kind, item.attempt) for item in drive.commands[told:]]
        told = len(drive.commands)
    return said


def test_a_command_is_sent_again_at_growing_intervals_and_given_anew_when_it_expires() -> None:
    drive = driven()
    assert sent(drive, range(1, 32)) == [
        (1, "DELETE", 2),
        (3, "DELETE", 3),
        (7, "DELETE", 4),
        (15, "DELETE", 5),
        (30, "DELETE", 1),
        (31, "DELETE", 2),
    ]
    first, second = dict.fromkeys(command.command_id for command in drive.deletions)
    given = {command.command_id: command for command in drive.deletions}
    assert given[first].expires_at == given[second].issued_at == EXPIRES
    assert [(item.kind, item.subject) for item in drive.findings] == [
        ("OVERDUE", first),
        ("EXPIRED", first),
        ("OVERDUE", second),
    ]


@pytest.mark.parametrize("status", ["PENDING", "IN_PROGRESS", "NOT_SUPPORTED", "CANCELLED"])
def test_what_need_not_be_said_again_is_given_anew_when_it_expires(status: str) -> None:
    drive = driven()
    [first] = drive.deletions
    say(drive, first, status)
    drive.until(EXPIRES - 1)
    assert drive.deletions == [first]
    assert drive.ledger.next_wake() == EXPIRES
    drive.until(EXPIRES)
    assert len(ids(drive.deletions)) == 2
    assert found(drive)[-1] == "EXPIRED"


def test_a_store_that_obeys_what_has_expired_acts_against_no_cancel() -> None:
    drive = driven(until=EXPIRES)
    say(drive, drive.deletions[0], "COMPLETED", at=EXPIRES + 1)
    assert sorted(set(found(drive))) == ["EXPIRED", "OVERDUE"]
    drive.until(EXPIRES + 2 * DAY)
    assert drive.deletions[-1].issued_at == EXPIRES  # nothing is left to be sent again
    assert drive.deletions[-1].attempt == 1


@pytest.mark.parametrize("status", ["FAILED", "PARTIAL", "BLOCKED_BY_HOLD"])
def test_a_store_that_did_not_do_it_is_told_again(status: str) -> None:
    drive = driven()
    say(drive, drive.deletions[0], status)
    assert sent(drive, range(1, 4)) == [(1, "DELETE", 2), (3, "DELETE", 3)]


def test_what_was_missed_while_nobody_looked_is_sent_once() -> None:
    issued = look(record(), START).record
    due = look(issued, START + 7 * DAY)
    assert [command.attempt for command in due.commands] == [4]
    assert due.wake == START + 15 * DAY


def test_a_store_is_told_again_after_the_time_that_its_policy_gives_it() -> None:
    text = policy_text().replace("{lead: PT0S}", "{lead: PT0S, answer_within: PT2H}")
    hasty = enveloped("policies", text, "counsel")
    issued = look(look(record(), START, hasty).record, START + HOUR, hasty).record
    assert look(issued, START + 2 * HOUR - 1, hasty).commands == ()
    assert look(issued, START + 2 * HOUR - 1, hasty).wake == START + 2 * HOUR
    assert [item.attempt for item in look(issued, START + 2 * HOUR, hasty).commands] == [2]


def test_a_deletion_is_not_sent_again_nor_given_anew_where_none_may_be_issued() -> None:
    issued = look(look(record(), START).record, START + HOUR).record
    for now in (START + DAY, EXPIRES):
        due = look(issued, now, may_delete=False)
        assert (due.commands, due.findings, due.wake) == ((), (), now)


def test_a_restriction_that_nobody_answers_is_given_anew_when_it_expires() -> None:
    drive = driven(policy(), HELD)
    assert sent(drive, range(1, 31))[-2:] == [(15, "RESTRICT", 5), (30, "RESTRICT", 1)]
    assert len(ids(drive.commands)) == 2
    assert "EXPIRED" in found(drive)


def test_a_restriction_that_is_obeyed_does_not_expire() -> None:
    drive = driven(policy(), HELD)
    say(drive, drive.commands[0], "COMPLETED")
    drive.until(EXPIRES + DAY)
    assert len(drive.commands) == 1
    assert found(drive) == ["HELD_PAST_LIMIT"]


@pytest.mark.parametrize("scope", SCOPES)
def test_an_unanswered_deletion_is_not_sent_again_while_paused_but_is_afterwards(
    scope: str,
) -> None:
    drive = driven()
    [first] = drive.deletions
    publish(drive, control("pause", scope), until=START + 2 * DAY)
    assert drive.deletions == [first]
    publish(drive, control("resume", scope, version=2), until=START + 2 * DAY + 1)
    assert ids(drive.deletions) == {first.command_id}
    assert [item.attempt for item in drive.deletions] == [1, 2]


def test_a_deletion_that_expires_during_a_pause_is_given_anew_when_it_ends() -> None:
    drive = driven()
    publish(drive, control("pause"), until=EXPIRES + DAY)
    assert len(drive.deletions) == 1
    assert found(drive) == ["OVERDUE", "EXPIRED", "WITHHELD"]
    publish(drive, control("resume", version=2), until=EXPIRES + DAY + 1)
    assert len(ids(drive.deletions)) == 2


@pytest.mark.parametrize("scope", ["store:index", "rule:acme/other"])
def test_a_pause_of_something_else_does_not_keep_it_from_being_sent_again(scope: str) -> None:
    drive = driven()
    publish(drive, control("pause", scope), until=START + DAY)
    assert [item.attempt for item in drive.deletions] == [1, 2]


def test_what_can_be_undone_is_sent_again_during_a_pause() -> None:
    held = driven()
    publish(held, HELD, until=12_000)
    publish(held, control("pause"), until=12_000 + DAY)
    again = [command.kind for command in held.commands if command.attempt == 2]
    assert sorted(again) == ["CANCEL", "RESTRICT"]
    released = driven(LONG, order())
    publish(released, order(version=2, state="withdrawn"), until=12_000)
    publish(released, control("pause"), until=12_000 + DAY)
    again = [command.kind for command in released.commands if command.attempt == 2]
    assert sorted(again) == ["CANCEL", "RELEASE"]


@pytest.mark.parametrize("documents", [(policy(),), (policy(), HELD)])
def test_a_command_about_a_life_that_has_ended_is_neither_sent_again_nor_overdue(
    documents: tuple[Envelope, ...],
) -> None:
    drive = driven(*documents)
    [command] = drive.commands
    drive.give(Part(events=(event(at=11_500, what="deleted"),)))
    told = found(drive)
    drive.until(EXPIRES + DAY)
    assert drive.commands == [command]
    assert found(drive) == told


@pytest.mark.parametrize("ended", [START, START + 500])
def test_a_new_life_does_not_wait_for_the_answers_of_the_former(ended: int) -> None:
    drive = driven()
    drive.give(Part(events=(event(at=ended, what="deleted"), event(at=20_000))))
    drive.until(START + 2 * DAY)
    assert [(item.generation, item.attempt) for item in drive.deletions] == [
        ("e-r1-created-1000", 1),
        ("e-r1-created-20000", 1),
        ("e-r1-created-20000", 2),
    ]


def test_a_command_that_was_late_itself_gets_an_hour_before_it_is_overdue() -> None:
    drive = driven(until=500_000)
    drive.give(Part(events=(event("late", at=400_000, collected_at=1_000),)))
    drive.until(500_000 + HOUR - 1)
    assert found(drive) == ["OVERDUE"]  # the other one
    drive.until(500_001 + HOUR)
    assert found(drive) == ["OVERDUE", "OVERDUE"]


def test_a_cancel_that_nobody_answers_is_overdue_and_sent_again_until_it_expires() -> None:
    drive = driven()
    publish(drive, HELD, until=12_000)
    [restriction] = [command for command in drive.commands if command.kind == "RESTRICT"]
    say(drive, restriction, "COMPLETED", at=12_000)
    drive.until(12_000 + 70 * DAY)
    sendings = [command for command in drive.commands if command.kind == "CANCEL"]
    assert [command.attempt for command in sendings] == [1, 2, 3, 4, 5]
    assert len(ids(sendings)) == 1
    assert ids(sendings) <= {item.subject for item in drive.findings if item.kind == "OVERDUE"}


# -- after a rebuild -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("documents", "again"),
    [
        ((policy(),), ["DELETE"]),
        ((policy(), control("pause")), []),
        ((policy(), control("pause", "store:images")), []),
        ((policy(), control("pause", "rule:acme/gb-search")), []),
        ((policy(rule(limit="PT1H")),), []),
        ((policy(rule(), minimum(limit="PT1H")),), []),
    ],
)
def test_a_rebuild_sends_again_only_what_the_documents_still_call_for(
    documents: tuple[Envelope, ...], again: list[str]
) -> None:
    issued = look(record(), START).record
    known = {item.command_id for item in issued.issued}
    for commanding in (True, False):  # while clocks differ, none
        rules = planner(*documents)
        found = unanswered(issued, known, rules, Instant(12_000), commanding=commanding)
        assert [command.kind for command in found] == (again if commanding else [])


@pytest.mark.parametrize("status", [item.value for item in ReceiptStatus])
def test_a_rebuild_sends_nothing_again_that_was_answered(status: str) -> None:
    issued = answer(look(record(), START).record, 12_000, status)
    known = {item.command_id for item in issued.issued}
    new = look(record(), START).record
    for one, before in ((issued, known), (new, set[str]())):
        assert unanswered(one, before, planner(), Instant(12_000), commanding=True) == []
