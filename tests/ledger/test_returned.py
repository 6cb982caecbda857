"""Data that is there again after its deletion."""

from pipeline.documents import Envelope
from pipeline.events import Event
from pipeline.instants import DAY
from pipeline.ledger.parts import Part
from pipeline.ledger.told import Told
from tests.ledger.looks import ready
from tests.support.build import event, notice
from tests.support.drive import Drive, ids


def again(at: int, *, stores: tuple[str, ...] = ("images",)) -> Event:
    return event(at=at, event_id=f"again-{at}", stores=stores)


def deleted(*documents: Envelope, stores: tuple[str, ...] = ("images",)) -> Drive:
    """Return a ledger whose record was deleted at its limit, from every store."""
    drive = ready(*documents)
    drive.give(Part(events=(event(at=1_000, stores=stores),)))
    drive.until(11_000)
    drive.answer_all()
    assert drive.findings == []
    return drive


def told(drive: Drive) -> list[str]:
    return [item.subject for item in drive.findings if item.kind == "COLLECTED_AGAIN"]


def test_what_is_there_again_after_its_deletion_is_told_once_a_day_and_rule() -> None:
    drive = deleted()
    drive.give(Part(events=(again(12_000),)))
    assert told(drive) == ["policy:acme/gb-search on 1970-01-01"]
    drive.until(23_000)
    drive.answer_all()
    drive.give(Part(events=(again(24_000),)))
    assert len(told(drive)) == 1
    drive.until(DAY + 1_000)
    drive.answer_all()
    drive.give(Part(events=(again(DAY + 2_000),)))
    assert told(drive)[1:] == ["policy:acme/gb-search on 1970-01-02"]


def test_what_is_there_again_in_one_of_its_stores_is_told() -> None:
    drive = deleted(stores=("images", "index"))
    drive.give(Part(events=(again(12_000, stores=("index",)),)))
    assert len(told(drive)) == 1


def test_what_is_only_heard_of_late_is_not_there_again() -> None:
    drive = deleted()
    drive.give(Part(events=(again(9_000),)))
    drive.give(Part(events=(again(1_000),)))
    assert told(drive) == []


def test_more_of_what_is_there_again_is_no_news() -> None:
    drive = deleted()
    drive.give(Part(events=(again(12_000),)))
    drive.findings.clear()
    drive.ledger.findings = Told()
    drive.give(Part(events=(again(12_500),)))
    assert told(drive) == []


def test_what_a_notice_had_deleted_is_restricted_and_deleted_at_once_when_it_is_there_again() -> (
    None
):
    far = 4_000_000
    drive = ready(notice(stop=(2_000, far), delete=(2_000, far)))
    drive.give(Part(events=(event(at=1_000),)))
    drive.until(3_000)
    drive.answer_all()
    before = ids(drive.commands)
    drive.give(Part(events=(again(4_000),)))
    drive.until(4_001)
    fresh = [command for command in drive.commands if command.command_id not in before]
    assert {(command.kind, command.cause) for command in fresh} == {
        ("RESTRICT", "notice:ico-1/stop"),
        ("DELETE", "notice:ico-1/delete"),
    }
    [finding] = [item for item in drive.findings if item.kind == "COLLECTED_AGAIN"]
    assert "commanded again at once" in finding.what
