"""What one record owes at one instant, and what the answers of stores make of it."""

from pipeline.commands import LIFETIME
from pipeline.documents import Envelope, enveloped
from pipeline.identifiers import Cause, CommandId, RecordId, StoreName, command_id
from pipeline.instants import DAY, Instant
from pipeline.ledger.answering import received
from pipeline.ledger.due import Due, owed
from pipeline.ledger.parts import Part, Span
from pipeline.ledger.unanswered import OVERDUE_AFTER, open_commands, status
from pipeline.receipts import Receipt
from pipeline.records import LATE, Record, applied
from pipeline.rules import Planner
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
from tests.support.drive import Drive, ids


def planner(*envelopes: Envelope) -> Planner:
    return planner_of(*(envelopes or (policy(),)))


def record(*stores: str) -> Record:
    return applied(None, event(at=1_000, stores=stores or ("images",)))


def look(known: Record, now: int, *envelopes: Envelope, may_delete: bool = True) -> Due:
    return owed(known, planner(*envelopes), Instant(now), may_delete=may_delete)


def answer(known: Record, at: int, status: str = "COMPLETED", store: str | None = None) -> Record:
    """Let stores answer every command of a record."""
    for item in known.issued:
        if store in {None, item.store}:
            receipt = Receipt(item.command_id, known.record_id, item.store, status, Instant(at))
            after, _ = received(known, receipt, Instant(at))
            assert after is not None
            known = after
    return known


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
    assert (after.record.subjects, after.record.births, after.wake) == ((), (), None)
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


def test_a_life_ends_only_when_every_store_has_erased_it() -> None:
    issued = look(record("images", "index"), 11_000).record
    half = answer(issued, 12_000, store="images")
    assert half.alive
    assert (status(half), len(open_commands(half))) == ("DELETE_COMMANDED", 1)
    done = answer(half, 12_000, store="index")
    assert (status(done), len(open_commands(done))) == ("DELETED", 0)


def test_an_answer_that_is_not_final_ends_no_life() -> None:
    issued = look(record(), 11_000).record
    for word in ("PENDING", "IN_PROGRESS", "PARTIAL", "FAILED", "NOT_SUPPORTED", "CANCELLED"):
        assert answer(issued, 12_000, word).alive, word
    assert not answer(issued, 12_000, "NOT_FOUND").alive


def test_a_settled_restriction_ends_no_life() -> None:
    order = notice(stop=(1_000, 2_000), delete=(90_000, 95_000))
    issued = look(record(), 1_500, policy(rule(limit="PT1H")), order).record
    assert [item.kind for item in issued.issued] == ["RESTRICT"]
    done = answer(issued, 2_000)
    assert done.alive
    assert status(done) == "RESTRICTED"


def test_a_store_cannot_settle_another_stores_command() -> None:
    issued = look(record("images", "index"), 11_000).record
    [images] = [item for item in issued.issued if item.store == "images"]
    wrong = Receipt(
        images.command_id, RecordId("r1"), StoreName("index"), "COMPLETED", Instant(12_000)
    )
    after, findings = received(issued, wrong, Instant(12_000))
    assert after == issued
    assert [item.kind for item in findings] == ["UNKNOWN_COMMAND"]


def test_a_store_named_later_gets_a_command_of_the_same_life() -> None:
    issued = look(record("images"), 11_000).record
    more = applied(issued, event(at=10_000, what="updated", stores=("index",)))
    [command] = look(more, 12_000).commands
    assert (command.store, command.generation) == ("index", "e-r1-created-1000")


# -- what came after the limit is another life ------------------------------------------------


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


# -- rollbacks and rebuilds ----------------------------------------------------------------------


def test_a_receipt_read_again_before_its_command_was_issued_again_settles_it() -> None:
    """A runner that goes back to its checkpoint reads the receipt before the timer fires again."""
    drive = Drive()
    drive.give(Part(envelopes=(policy(),), events=(event(at=1_000),)))
    name = command_id(
        kind="DELETE",
        target="images",
        record_id=event().record_id,
        generation=event().event_id,
        cause=policy_cause(),
    )
    drive.give(Part(receipts=(answered_by(name),)))
    drive.until(11_000)
    assert ids(drive.deletions) == {name}
    assert drive.ledger.progress()["ledger_outstanding_commands"] == 0


def policy_cause() -> Cause:
    return Cause("policy:acme/gb-search")


def answered_by(name: CommandId) -> Receipt:
    return Receipt(name, RecordId("r1"), StoreName("images"), "COMPLETED", Instant(11_500))


def test_a_rebuild_does_not_repeat_a_deletion_that_a_hold_now_blocks() -> None:
    """It may have waited in the governor and never have left; under a hold it must not."""
    drive = Drive()
    drive.give(Part(envelopes=(policy(),), events=(event(at=1_000),)))
    drive.until(11_000)
    known = drive.ledger.get(event().record_id)
    assert known is not None
    again = Drive(awaited={"records": 1})
    again.give(Part(envelopes=(policy(), hold(records=("r1",))), tick=Instant(12_000)))
    again.give(Part(rows=(known,), spans=(Span("records", 0, 0, 1, 0, 1),)))
    assert again.deletions == []


def test_an_early_answer_of_another_store_settles_nothing() -> None:
    drive = Drive()
    drive.give(Part(envelopes=(policy(),), events=(event(at=1_000, stores=("images", "index")),)))
    name = command_id(
        kind="DELETE",
        target="images",
        record_id=event().record_id,
        generation=event().event_id,
        cause=policy_cause(),
    )
    wrong = Receipt(name, RecordId("r1"), StoreName("index"), "COMPLETED", Instant(11_500))
    drive.give(Part(receipts=(wrong,)))
    drive.until(11_000)
    assert drive.ledger.progress()["ledger_outstanding_commands"] == 2


# -- what was commanded and is not due any more ---------------------------------------------------


def withdrawn(drive: Drive) -> list[str | None]:
    return [item.withdraws for item in drive.commands if item.kind == "CANCEL"]


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
