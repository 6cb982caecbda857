"""Events that lie ahead are taken to happen now, once; a deletion that does is not believed."""

import msgspec
import pytest

from pipeline.events import Event, Evidence, Subject
from pipeline.identifiers import RecordId, SubjectId
from pipeline.instants import DAY, HOUR, LATEST_FACT, MINUTE, Instant
from pipeline.ledger.parts import Origin, Part
from pipeline.receipts import Receipt
from pipeline.records import Record
from tests.support.build import event, policy, rule
from tests.support.drive import Drive

NOW = 40 * DAY
ORIGIN = Origin("ingestion.events", 0, 5, 6, 5, 2)
USED = policy(rule("used", clock="last_interaction", limit="PT720H"))


def ticked(*documents: object, now: int = NOW) -> Drive:
    drive = Drive()
    drive.give(Part(envelopes=documents or (policy(rule(limit="PT720H")),), tick=Instant(now)))  # type: ignore[arg-type]
    return drive


def found(drive: Drive) -> list[str]:
    return [item.kind for item in drive.findings]


def kept(drive: Drive) -> Record:
    record = drive.ledger.holdings.get(event().record_id)
    assert record is not None
    return record


def seen(at: int) -> tuple[Subject, ...]:
    return (Subject(SubjectId("s-r1"), (Evidence("declared", "GB", Instant(at)),)),)


def test_an_access_in_a_far_year_keeps_nothing_longer_than_one_of_today() -> None:
    drive = ticked(USED)
    drive.give(Part(events=(event(at=NOW - DAY),)))
    drive.give(Part(events=(event(at=LATEST_FACT, what="accessed"),)))
    assert found(drive) == ["FUTURE_EVENT"]
    assert kept(drive).anchor("last_interaction") == NOW
    drive.until(NOW + 30 * DAY)
    [deletion] = drive.deletions
    assert deletion.not_before == NOW + 30 * DAY


@pytest.mark.parametrize("ahead", [DAY + 1, 365 * DAY])
def test_what_is_created_or_collected_ahead_counts_from_now(ahead: int) -> None:
    created, collected = ticked(), ticked()
    created.give(Part(events=(event(at=NOW + ahead),)))
    collected.give(Part(events=(event(at=NOW - DAY, collected_at=NOW + ahead),)))
    assert [birth.at for birth in kept(created).births] == [NOW]
    assert [birth.at for birth in kept(collected).births] == [NOW - DAY]
    for drive in (created, collected):
        assert found(drive) == ["FUTURE_EVENT"]
        assert kept(drive).anchor("collected") == NOW
        drive.until(NOW + 30 * DAY)
        assert [item.not_before for item in drive.deletions] == [NOW + 30 * DAY]


def test_evidence_that_lies_ahead_was_observed_when_its_event_happened() -> None:
    drive = ticked()
    early = msgspec.structs.replace(event(at=NOW + 20 * HOUR), subjects=seen(NOW + 40 * HOUR))
    drive.give(Part(events=(early,)))
    assert found(drive) == ["FUTURE_EVENT"]
    [person] = kept(drive).subjects
    assert [sign.observed_at for sign in person.evidence] == [NOW]


def test_up_to_a_day_ahead_an_event_is_taken_as_it_is() -> None:
    drive = ticked()
    given = event(at=NOW + DAY, collected_at=NOW + DAY)
    drive.give(Part(events=(given,)))
    assert (found(drive), kept(drive).births[0].at) == ([], NOW + DAY)


@pytest.mark.parametrize(
    "given",
    [
        event(at=NOW + 365 * DAY),
        event(at=NOW + 365 * DAY, what="accessed", collected_at=NOW + 300 * DAY),
        event(at=NOW - DAY, collected_at=NOW + 365 * DAY),
        msgspec.structs.replace(
            event(at=NOW - DAY, collected_at=NOW + 365 * DAY), subjects=seen(NOW - 1)
        ),
        msgspec.structs.replace(event(at=NOW + 20 * HOUR), subjects=seen(NOW + 40 * HOUR)),
    ],
    ids=["created", "accessed", "collected", "collected and seen", "seen"],
)
def test_reading_it_again_later_adds_nothing(given: Event) -> None:
    drive = ticked()
    drive.give(Part(events=(given,)))
    before, digest = kept(drive), drive.digest()
    for hours in (1, 5, 15):
        drive.give(Part(events=(given,), tick=Instant(NOW + hours * HOUR)))
        drive.rebuilt()
        drive.give(Part(tick=Instant(NOW + hours * HOUR)), Part(events=(given, given)))
    assert (kept(drive), drive.digest()) == (before, digest)


def test_one_finding_a_day_names_one_event() -> None:
    drive = ticked()
    ahead = [event(f"r{number}", at=NOW + 9 * DAY) for number in range(5)]
    drive.give(Part(events=tuple(ahead[:3])), Part(events=tuple(ahead)))
    [first] = drive.findings
    assert first.subject == "events on 1970-02-10"
    assert ahead[0].event_id in first.what
    assert "clock" in first.remedy
    drive.give(Part(tick=Instant(NOW + DAY)), Part(events=tuple(ahead)))
    assert found(drive) == ["FUTURE_EVENT"] * 2


def test_a_deletion_that_lies_ahead_is_not_believed() -> None:
    drive = ticked()
    drive.give(Part(events=(event(at=NOW - DAY),)))
    before = kept(drive)
    drive.give(Part(events=(event(at=NOW + 2 * DAY, what="deleted"),)))
    assert (found(drive), kept(drive)) == (["FUTURE_EVENT"], before)


# -- when it is not known what time it is --------------------------------------------------------


def restarted(now: int = NOW) -> Drive:
    """Return a ledger that was folded and has seen no tick since: its time is of before."""
    drive = ticked(now=now)
    drive.give(Part(events=(event("other", at=now - DAY),)))
    drive.rebuilt(ticks=False)
    return drive


@pytest.mark.parametrize("what", ["created", "deleted", "accessed"])
def test_after_a_restart_what_seems_to_lie_ahead_waits_for_the_time(what: str) -> None:
    """The job was down for ten days; what happened meanwhile lies ahead of nothing."""
    drive = restarted()
    late = event(at=NOW + 9 * DAY, what=what)
    drive.give(Part(events=(late,), origins=(ORIGIN,)))
    assert drive.ledger.holdings.get(late.record_id) is None
    assert (drive.acknowledged, found(drive)) == (0, [])
    drive.rebuilt(ticks=False)
    assert len(drive.ledger.parked) == 1
    drive.give(Part(tick=Instant(NOW + 10 * DAY)))
    assert (drive.acknowledged, found(drive), drive.ledger.parked) == (1, [], [])
    record = kept(drive)
    signs = [sign.at for sign in (*record.births, *record.touches)]
    assert [record.cut, *signs] == ([late.happened_at] if what == "deleted" else [0, NOW + 9 * DAY])


def test_after_a_restart_what_lies_ahead_of_the_true_time_too_is_brought_back() -> None:
    drive = restarted()
    drive.give(Part(events=(event(at=NOW + 90 * DAY),), origins=(ORIGIN,)))
    assert drive.acknowledged == 0
    drive.give(Part(tick=Instant(NOW + 10 * DAY)))
    assert (drive.acknowledged, found(drive)) == (1, ["FUTURE_EVENT"])
    assert kept(drive).births[0].at == NOW + 10 * DAY


def test_after_a_restart_a_row_is_newer_than_all_that_was_written_before_it() -> None:
    """A job that went back to a checkpoint had written rows after it; a rebuild reads them all."""
    drive = restarted()
    drive.give(Part(events=(event("other", at=NOW - HOUR, what="accessed"),), origins=(ORIGIN,)))
    drive.give(Part(envelopes=(policy(rule(limit="P9D"), version=2),)))
    assert (drive.acknowledged, drive.rows) == (0, 1)
    drive.give(Part(tick=Instant(NOW + 10 * DAY)))
    assert (drive.acknowledged, drive.rows) == (1, 2)
    record = drive.ledger.holdings.get(RecordId("other"))
    assert record is not None
    assert record.version >= NOW + 10 * DAY


def test_after_a_restart_nothing_wakes_before_the_time_is_known() -> None:
    """A timer that is set for what lies in the past fires at once, again and again."""
    drive = restarted()
    drive.give(Part(events=(event(at=NOW - DAY),)))
    assert drive.ledger.next_wake() is None
    drive.give(Part(tick=Instant(NOW + DAY)))
    assert drive.ledger.next_wake() is not None


@pytest.mark.parametrize("what", ["created", "updated", "accessed"])
def test_read_again_later_its_deletion_is_not_settled_by_an_answer_to_what_reached_less(
    what: str,
) -> None:
    """After a rollback it is dated by when it is read then; data had come in between."""
    ahead = event(at=NOW + 9 * DAY, collected_at=NOW - 31 * DAY)
    back = event(at=NOW + 5 * MINUTE, what=what, event_id="back")
    first = ticked()
    first.give(Part(events=(ahead,)))
    first.until(NOW + 1_000)
    [obeyed] = first.deletions
    again = ticked(now=NOW + 10 * MINUTE)
    again.give(Part(events=(ahead,)))
    done = (obeyed.command_id, obeyed.record_id, obeyed.store, "COMPLETED", Instant(NOW + 2_000))
    again.give(Part(receipts=(Receipt(*done),)), Part(events=(back,)))
    again.until(NOW + 31 * DAY)
    assert kept(again).alive
    assert obeyed.command_id not in {command.command_id for command in again.deletions}
