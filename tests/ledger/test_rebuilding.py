"""A shard that starts: its gate, what waits for it, and what it says once it is open."""

import pytest

from pipeline.documents import named
from pipeline.instants import DAY, HOUR, Instant
from pipeline.ledger.book import Ledger
from pipeline.ledger.parts import Origin, Part, Span
from tests.ledger.looks import ready
from tests.support.build import control, event, policy, rule
from tests.support.drive import Drive, ids

GATED = {"records": 1, "policies": 1}
ROWS = Span("records", 0, 0, 1, 0, 1)
DOCUMENTS = Span("policies", 0, 0, 1, 0, 1)


def history() -> Part:
    """The rows of a ledger that knew r1 since 1970-01-01T00:00:01."""
    drive = ready(policy(rule(limit="PT1H")))
    drive.give(Part(events=(event(at=1_000),)))
    record = drive.ledger.holdings.get(event().record_id)
    assert record is not None
    return Part(rows=(record,), spans=(ROWS,))


def test_without_a_tick_a_shard_says_nothing_and_then_says_when() -> None:
    """What is found at a restart is found at the present, not in 1970."""
    homeless = event("homeless", at=1_000, stores=(), purpose=None)
    before = ready()
    before.give(Part(events=(homeless,)))
    row = before.ledger.holdings.get(homeless.record_id)
    assert row is not None
    drive = Drive(awaited=GATED)
    origin = Origin("ingestion.events", 0, 5, 6, 5, 2)
    drive.give(Part(envelopes=(policy(),), spans=(DOCUMENTS,)), Part(rows=(row,), spans=(ROWS,)))
    drive.give(Part(events=(event(at=2_000, purpose=None),), origins=(origin,)))
    for _ in range(2):
        assert (drive.findings, drive.rows, drive.acknowledged) == ([], 0, 0)
        assert drive.ledger.next_wake() is None
        drive.fire(90_000)
        drive.rebuilt()
    drive.give(Part(tick=Instant(61_000)))
    assert drive.acknowledged == 1
    assert {item.at for item in drive.findings} == {61_000}
    assert {item.kind for item in drive.findings} >= {"NO_PURPOSE", "NO_STORE"}


def test_a_document_that_waits_for_approval_is_told_of_at_the_present() -> None:
    drive = Drive(awaited=GATED)
    drive.ledger = Ledger(0, GATED, ("policies",))
    drive.give(Part(envelopes=(policy(),), spans=(DOCUMENTS,)), Part(spans=(ROWS,)))
    assert drive.findings == []
    drive.give(Part(tick=Instant(5_000)))
    assert [(item.kind, item.at) for item in drive.findings] == [("AWAITING_APPROVAL", 5_000)]


def test_a_policy_whose_simulation_nobody_approved_is_told_of_with_what_to_do() -> None:
    drive = Drive(awaited=GATED)
    drive.ledger = Ledger(0, GATED, ("simulations",))
    text = policy()
    drive.give(Part(envelopes=(text,), spans=(DOCUMENTS,)), Part(spans=(ROWS,)))
    drive.give(Part(tick=Instant(5_000)))
    [item] = drive.findings
    assert (item.kind, item.subject) == ("AWAITING_APPROVAL", f"simulations/{named(text)}")
    assert "run `retention simulate`" in item.remedy
    assert "`control: simulation:ID` with `action: approve`" in item.remedy


def test_before_its_history_a_shard_emits_nothing_and_acknowledges_nothing() -> None:
    drive = Drive(awaited=GATED)
    origin = Origin("ingestion.events", 0, 5, 6, 5, 2)
    late = event(at=900_000, event_id="later")
    drive.give(Part(events=(late,), origins=(origin,)), Part(tick=Instant(10_000_000)))
    drive.give(Part(envelopes=(policy(rule(limit="PT1H")),), spans=(DOCUMENTS,)))
    drive.fire(10_000_000)
    assert (drive.rows, drive.commands, drive.acknowledged) == (0, [], 0)
    drive.give(history())
    assert drive.acknowledged == 1
    record = drive.ledger.holdings.get(late.record_id)
    assert record is not None
    assert record.generation() == "e-r1-created-1000"
    drive.until(10_000_000)
    assert [command.generation for command in drive.deletions] == ["e-r1-created-1000"]


def test_what_was_parked_survives_the_loss_of_the_decoded_ledger() -> None:
    drive = Drive(awaited=GATED)
    drive.give(Part(events=(event(at=900_000),), origins=(Origin("e", 0, 0, 1, 0, 2),)))
    drive.rebuilt()
    drive.give(Part(envelopes=(policy(rule(limit="PT1H")),), spans=(DOCUMENTS,)), history())
    drive.rebuilt()
    drive.give(Part(tick=Instant(900_000)))
    assert drive.acknowledged == 1
    record = drive.ledger.holdings.get(event().record_id)
    assert record is not None
    assert len(record.births) == 2


def test_unanswered_commands_are_issued_again_with_the_same_id_after_a_rebuild() -> None:
    drive = ready()
    drive.give(Part(events=(event(at=1_000),)))
    drive.until(11_000)
    record = drive.ledger.holdings.get(event().record_id)
    assert record is not None
    again = Drive(awaited=GATED)
    again.give(Part(envelopes=(policy(),), spans=(DOCUMENTS,)))
    again.give(Part(rows=(record,), spans=(ROWS,)))
    assert again.deletions == []
    again.give(Part(tick=Instant(11_000)))
    assert ids(again.deletions) == ids(drive.deletions)


def test_an_older_version_of_a_row_loses_to_a_newer_one_whatever_comes_first() -> None:
    drive = ready()
    drive.give(Part(events=(event(at=1_000),)))
    old = drive.ledger.holdings.get(event().record_id)
    drive.give(Part(events=(event(at=3_000, what="accessed"),)))
    new = drive.ledger.holdings.get(event().record_id)
    assert old is not None
    assert new is not None
    for rows in ((old, new), (new, old)):
        again = Drive(awaited={"records": 1})
        again.give(Part(rows=rows, spans=(ROWS,)))
        assert again.ledger.holdings.get(event().record_id) == new


def test_a_shard_that_was_empty_at_its_start_sends_nothing_again_because_of_a_document() -> None:
    drive = Drive(awaited={"policies": 1})
    drive.give(Part(envelopes=(policy(),), spans=(DOCUMENTS,), tick=Instant(500)))
    drive.give(Part(events=(event(at=1_000),)))
    drive.until(11_000)
    assert len(drive.deletions) == 1
    drive.give(Part(envelopes=(control("pause", "store:elsewhere"),)))
    drive.until(12_000)
    assert len(drive.deletions) == 1


@pytest.mark.parametrize("days", [0, 1, 3])
def test_what_a_pause_kept_from_being_sent_again_leaves_when_it_ends(days: int) -> None:
    """The governor that withheld it has forgotten it: nothing may wait for its next sending."""
    drive = ready()
    drive.give(Part(events=(event(at=1_000),)))
    drive.until(11_000 + days * DAY)
    record = drive.ledger.holdings.get(event().record_id)
    assert record is not None
    now = Instant(12_000 + days * DAY)
    again = Drive(awaited=GATED)
    again.give(Part(envelopes=(policy(), control("pause")), spans=(DOCUMENTS,)))
    again.give(Part(rows=(record,), spans=(ROWS,)), Part(tick=now))
    again.until(now + 1_000)
    again.rebuilt()  # what it knows of this is in its journal
    assert again.deletions == []
    again.fire(now + 1_000)
    assert [one.kind for one in again.findings if one.kind == "WITHHELD"] == ["WITHHELD"]
    again.give(Part(envelopes=(control("resume", version=2),), tick=Instant(now + 2_000)))
    for at in (now + 2_000, now + HOUR):
        again.fire(at)
        assert [one.command_id for one in again.deletions] == [drive.deletions[0].command_id]
        assert again.deletions[0].attempt == drive.deletions[-1].attempt


def test_one_after_the_other_two_rebuilds_during_a_pause_send_it_once_the_pause_ends() -> None:
    drive = ready()
    drive.give(Part(events=(event(at=1_000),)))
    drive.until(11_000)
    for pause in (control("pause"), control("pause"), control("resume", version=2)):
        record = drive.ledger.holdings.get(event().record_id)
        assert record is not None
        drive = Drive(awaited=GATED)
        drive.give(Part(envelopes=(policy(), pause), spans=(DOCUMENTS,)))
        drive.give(Part(rows=(record,), spans=(ROWS,)), Part(tick=Instant(12_000)))
        drive.until(13_000)
    assert [command.attempt for command in drive.deletions] == [1]
