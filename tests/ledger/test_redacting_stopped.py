"""What stops the erasure of fields: whatever stops that of the whole."""

import msgspec
import pytest

from pipeline.documents import enveloped
from pipeline.events import Field
from pipeline.identifiers import RecordId
from pipeline.instants import Instant
from pipeline.ledger.due import owed
from pipeline.ledger.parts import Part
from tests.ledger.files import NOTE, PASSPORT, PHOTO, bank, driven, file, keep, redaction, told
from tests.ledger.looks import found, known, planner, publish, say, withdrawn
from tests.support.build import control, hold, policy_text, rule


def test_a_hold_blocks_it() -> None:
    drive = driven(bank(), hold(records=("r1",)))
    assert told(drive) == [("RESTRICT", ())]
    assert "HELD_PAST_LIMIT" in found(drive)
    publish(drive, hold(records=("r1",), version=2, state="released"), until=13_000)
    assert redaction(drive).fields == ("photo",)


def test_a_hold_takes_it_back_before_it_is_settled() -> None:
    drive = driven()
    first = redaction(drive)
    assert publish(drive, hold(records=("r1",)), until=13_000) == ["CANCEL"]
    assert withdrawn(drive) == [first.command_id]
    publish(drive, hold(records=("r1",), version=2, state="released"), until=14_000)
    again = [c for c in drive.commands if c.kind == "REDACT"]
    assert [c.fields for c in again] == [("photo",), ("photo",)]
    assert again[1].command_id != first.command_id


def test_a_hold_after_the_answer_comes_too_late() -> None:
    drive = driven()
    drive.answer_all(at=12_500)
    assert publish(drive, hold(records=("r1",)), until=13_000) == []


def test_a_store_that_erases_what_was_taken_back_is_told_of() -> None:
    drive = driven()
    publish(drive, hold(records=("r1",)), until=13_000)
    say(drive, redaction(drive), "COMPLETED", at=13_500)
    assert "DELETED_DESPITE_CANCEL" in found(drive)


@pytest.mark.parametrize("scope", ["all", "store:images", "rule:acme/gb-search"])
def test_a_pause_withholds_it(scope: str) -> None:
    drive = driven(bank(), control("pause", scope))
    assert told(drive) == [("RESTRICT", ())]
    assert "WITHHELD" in found(drive)
    publish(drive, control("resume", scope, version=2), until=13_000)
    assert redaction(drive).fields == ("photo",)


def test_only_an_event_time_timer_vouches_for_it() -> None:
    record = known(file())
    look = owed(record, planner(bank()), Instant(12_000), may_delete=False)
    assert [c.kind for c in look.commands] == ["RESTRICT"]
    assert look.wake == 11_000


def test_clocks_that_differ_withhold_it() -> None:
    look = owed(known(file()), planner(bank()), Instant(12_000), may_delete=True, commanding=False)
    assert [c.kind for c in look.commands] == ["RESTRICT"]


def test_it_waits_for_the_word_of_parents() -> None:
    child = msgspec.structs.replace(file(), parents=(RecordId("p1"),))
    look = owed(known(child), planner(bank()), Instant(12_000), may_delete=True)
    assert [c.kind for c in look.commands] == ["RESTRICT"]
    assert look.asks == 11_000


def test_a_duty_that_comes_to_mean_the_field_takes_it_back() -> None:
    drive = driven()
    text = policy_text(rule(), keep(), keep("photos", "pd:Picture"), version=2)
    # The later duty by name is now the reason for the restriction.
    left = publish(drive, enveloped("policies", text, "counsel"), until=13_000)
    assert left == ["CANCEL", "RELEASE", "RESTRICT"]
    assert redaction(drive).command_id in withdrawn(drive)


def test_a_field_that_turns_out_to_hold_what_must_be_kept_is_left_out() -> None:
    drive = driven(events=(file(PASSPORT, PHOTO, NOTE),))
    drive.give(Part(events=(file(Field("note", ("pd:Passport",)), at=12_500, what="updated"),)))
    drive.until(14_000)
    assert told(drive) == [
        ("CANCEL", ()), ("REDACT", ("note", "photo")), ("REDACT", ("photo",)), ("RESTRICT", ()),
    ]  # fmt: skip
