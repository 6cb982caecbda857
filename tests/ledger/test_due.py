"""What one record owes at one instant, and when to look again."""

from pipeline.commands import LIFETIME
from pipeline.documents import enveloped
from pipeline.identifiers import CommandId, RecordId, StoreName
from pipeline.instants import DAY, Instant
from pipeline.ledger.answering import received
from pipeline.ledger.due import Due, owed
from pipeline.receipts import Receipt
from pipeline.records import LATE, applied
from tests.ledger.looks import answer, look, planner, record
from tests.support.build import (
    control,
    event,
    hold,
    notice,
    planner_of,
    policy,
    policy_text,
)


def test_before_the_limit_a_record_owes_nothing_and_says_when_to_look_again() -> None:
    due = look(record(), 10_999)
    assert (due.commands, due.wake) == ((), 11_000)


def test_at_the_limit_it_owes_one_deletion_a_store_and_only_once() -> None:
    due = look(record("images", "index"), 11_000)
    assert [item.store for item in due.commands] == ["images", "index"]
    assert look(due.record, 11_001).commands == ()


def test_without_leave_to_delete_it_wakes_instead() -> None:
    due = look(record(), 50_000, may_delete=False)
    assert (due.commands, due.wake) == ((), 11_000)


def test_while_clocks_differ_it_wakes_instead() -> None:
    due = owed(record(), planner(), Instant(50_000), may_delete=True, commanding=False)
    assert (due.commands, due.wake) == ((), 11_000)


def test_a_record_that_is_gone_owes_nothing() -> None:
    gone = applied(record(), event(at=2_000, what="deleted"))
    assert look(gone, 50_000) == Due(gone, None, (), (), (), Instant(2_000 + LATE))


def test_whom_a_record_was_about_is_forgotten_once_no_late_event_can_tell_of_more() -> None:
    gone = applied(record(), event(at=2_000, what="deleted"))
    before, after = look(gone, 1_999 + LATE), look(gone, 2_000 + LATE)
    assert before.record.subjects
    assert (after.record.subjects, after.record.births) == ((), ())
    assert after.record.cut == 2_000


def test_a_command_says_from_when_until_when_and_of_what() -> None:
    [command] = look(record(), 20_000).commands
    assert (command.not_before, command.complete_by) == (11_000, 11_000)
    assert command.issued_at == 20_000
    assert command.expires_at == 20_000 + LIFETIME


def test_a_store_is_told_its_lead_before_the_limit_and_never_before_the_clock_started() -> None:
    text = policy_text(default="P9D").replace("images: {lead: PT0S}", "images: {lead: P1D}")
    days = enveloped("policies", text.replace("PT10S", "P5D"), "counsel")
    due = look(record("images", "index"), 1_000, days)
    assert due.wake == 5 * DAY
    first = look(due.record, 5 * DAY, days)
    assert [(item.store, item.not_before) for item in first.commands] == [("images", 5 * DAY)]
    assert first.wake == 6 * DAY
    then = look(first.record, 6 * DAY, days)
    new = [item for item in then.commands if item.attempt == 1]
    assert [(item.store, item.not_before) for item in new] == [("index", 6 * DAY)]
    hasty = enveloped("policies", text, "counsel")
    assert [item.not_before for item in look(record(), 1_000, hasty).commands] == [1_000]


def test_a_hold_restricts_what_is_due_once_and_says_what_is_past_its_limit() -> None:
    due = look(record(), 11_000, policy(), hold(records=("r1",)))
    assert [item.kind for item in due.commands] == ["RESTRICT"]
    assert [item.kind for item in due.findings] == ["HELD_PAST_LIMIT"]
    assert look(due.record, 12_000, policy(), hold(records=("r1",))).commands == ()


def test_a_hold_wins_over_a_notice_that_orders_deletion() -> None:
    order = notice(stop=(1_000, 2_000), delete=(1_000, 2_000))
    due = look(record(), 5_000, policy(), order, hold(records=("r1",)))
    assert {item.kind for item in due.commands} == {"RESTRICT"}


def test_restriction_is_issued_even_without_leave_to_delete() -> None:
    order = notice(stop=(1_000, 2_000), delete=(90_000, 95_000))
    due = look(record(), 1_500, policy(), order, may_delete=False)
    assert [item.kind for item in due.commands] == ["RESTRICT"]


def test_a_pause_withholds_deletion_but_not_restriction() -> None:
    order = notice(stop=(1_000, 2_000), delete=(1_000, 2_000))
    due = look(record(), 50_000, policy(), order, control("pause"))
    assert {item.kind for item in due.commands} == {"RESTRICT"}
    assert "WITHHELD" in {item.kind for item in due.findings}


def test_a_record_that_names_no_store_is_a_finding_at_its_limit_and_not_before() -> None:
    homeless = applied(None, event(at=1_000, stores=()))
    early = look(homeless, 10_999)
    assert (early.findings, early.wake) == ((), 11_000)
    assert [item.kind for item in look(homeless, 11_000).findings] == ["NO_STORE"]


# -- whose plan, and when to look again ----------------------------------------------------------


def test_the_plan_is_that_of_the_most_urgent_life() -> None:
    """In one store it was erased and has come back; in the other it is of before."""
    issued = look(record("images", "index"), 11_000).record
    half = answer(applied(issued, event(at=12_000, stores=("images",))), 13_000, store="images")
    assert half.lives() == {11_000: ["images"], 0: ["index"]}
    due = look(half, 14_000)
    assert due.plan is not None
    assert due.plan.limit_at == 11_000


def test_what_was_commanded_and_settled_leaves_the_plan() -> None:
    stop = notice(stop=(1_000, 2_000), delete=(80_000, 90_000))
    done = answer(look(record(), 1_500, stop).record, 2_000)
    after = look(done, 3_000, notice(stop=(1, 2), delete=(1, 2), version=2, state="withdrawn"))
    assert [command.kind for command in after.commands] == ["RELEASE"]
    quiet = look(answer(after.record, 4_000), 5_000, stop, hold(records=("r1",)))
    assert quiet.plan is not None
    assert quiet.plan.holds == ("h1",)


def test_a_plan_without_steps_is_a_plan() -> None:
    gone = notice(stop=(1, 2), delete=(1, 2), version=2, state="withdrawn")
    stop = notice(stop=(1_000, 2_000), delete=(80_000, 90_000))
    done = answer(look(record(), 1_500, stop).record, 2_000)
    over = answer(look(done, 3_000, gone).record, 4_000)
    due = look(over, 5_000, gone)
    assert (due.commands, due.wake) == ((), None)
    assert due.plan is not None
    assert [gap.kind for gap in due.plan.gaps] == ["NO_POLICY"]


def test_a_new_life_is_due_by_its_own_beginning() -> None:
    again = applied(applied(record(), event(at=5_000, what="deleted")), event(at=9_000))
    assert look(again, 9_500).wake == 19_000
    assert look(again, 18_999).commands == ()
    [command] = look(again, 19_000).commands
    assert command.generation == "e-r1-created-9000"


def test_it_looks_again_when_a_store_is_to_be_told_and_no_sooner() -> None:
    text = policy_text(default="P9D").replace("PT10S", "P5D")
    days = enveloped("policies", text, "counsel")
    assert look(record(), 2_000, days).wake == 6 * DAY
    unnamed = applied(None, event(at=1_000, stores=("elsewhere",)))
    assert look(unnamed, 2_000, days).wake == 5 * DAY
    stop = notice(stop=(3_000, 4_000), delete=(80_000, 90_000))
    assert look(record(), 2_000, days, stop).wake == 3_000


def test_a_record_without_store_and_without_policy_is_due_when_a_notice_says_so() -> None:
    homeless = applied(None, event(at=1_000, stores=()))
    stop = notice(stop=(3_000, 4_000), delete=(80_000, 90_000))
    for now in (2_000, 5_000, 79_999):
        due = owed(homeless, planner_of(stop), Instant(now), may_delete=True)
        assert (due.commands, due.findings, due.wake) == ((), (), 80_000)
    due = owed(homeless, planner_of(stop), Instant(80_000), may_delete=True)
    assert (due.commands, [item.kind for item in due.findings]) == ((), ["NO_STORE"])
    nothing = owed(homeless, planner_of(), Instant(80_000), may_delete=True)
    assert (nothing.findings, nothing.wake) == ((), None)


def test_a_record_without_store_that_was_answered_for_is_still_due() -> None:
    """A store told of it, whatever it meant: it is looked at again at its limit all the same."""
    homeless = applied(None, event(at=1_000, stores=()))
    receipt = Receipt(CommandId("c"), RecordId("r1"), StoreName("s"), "COMPLETED", Instant(1_500))
    answered, _ = received(homeless, receipt, Instant(1_500))
    assert look(answered, 2_000).wake == 11_000


def test_what_is_forgotten_of_a_life_includes_its_last_instant() -> None:
    gone = applied(applied(None, event(at=2_000)), event(at=2_000, what="deleted"))
    due = look(gone, 2_000 + LATE)
    assert (due.record.subjects, due.record.births) == ((), ())
    # That it was deleted is remembered for six years, which end with a day.
    over = Instant(6 * 365 * DAY + 2 * DAY)
    assert due == Due(due.record, None, (), (), (), over)
    assert look(due.record, 2_001 + LATE) == Due(due.record, None, (), (), (), over)
    assert look(due.record, over - 1).is_over is False
    assert look(due.record, over).is_over is True


def test_what_a_store_has_that_nobody_told_of_is_named_with_its_store() -> None:
    touched = event(at=1_000, what="inventoried", event_id="inventory:1")
    due = look(applied(None, touched), 2_000)
    assert [(gap.kind, gap.described) for gap in due.gaps] == [("UNTRACKED_RECORD", "images")]
    assert look(record(), 2_000).gaps == ()
