"""Nobody has told a recipient for a month: the command expires, and a new one is given."""

from pipeline.commands import Command
from pipeline.instants import DAY, HOUR
from pipeline.ledger.parts import Part
from tests.ledger.kin import kept, notice
from tests.ledger.test_notifying import disclosed, promise, told
from tests.support.build import hold
from tests.support.drive import Drive


def untold(*, gone: bool) -> Drive:
    """Let a month and a week pass in which the desk answers nothing."""
    drive = told(promise(), notice(), events=(disclosed("broker", "agency"),))
    if gone:
        drive.answer_all(at=6_000, store="images")
    drive.until(37 * DAY)
    return drive


def tellings(drive: Drive) -> list[Command]:
    """Return the first sending of each command to tell somebody."""
    return [one for one in drive.commands if one.kind == "NOTIFY_RECIPIENT" and one.attempt == 1]


def test_a_recipient_is_told_by_a_new_command_though_the_data_is_gone() -> None:
    drive = untold(gone=True)
    assert kept(drive, "photo").lives() == {}
    first, second = tellings(drive)[:2], tellings(drive)[2:]
    assert [one.recipient for one in first] == [one.recipient for one in second]
    assert len({one.command_id for one in (*first, *second)}) == 4
    assert {(one.store, one.cause) for one in second} == {("desk", "notice:ico-1/delete")}
    assert min(one.expires_at for one in second) > 60 * DAY
    expired = {one.subject for one in drive.findings if one.kind == "EXPIRED"}
    assert expired == {one.command_id for one in first}


def test_it_is_given_anew_month_by_month_until_somebody_answers() -> None:
    drive = untold(gone=True)
    drive.until(100 * DAY)
    assert len(tellings(drive)) == 8
    drive.answer_all(at=100 * DAY, store="desk")
    drive.until(200 * DAY)
    assert len(tellings(drive)) == 8
    assert drive.outstanding == 0


def test_while_the_data_is_there_it_is_given_anew_too_and_once() -> None:
    drive = untold(gone=False)
    assert len(tellings(drive)) == 4
    drive.until(37 * DAY + HOUR)
    assert len(tellings(drive)) == 4


def test_what_was_given_anew_is_taken_back_with_the_deletion() -> None:
    drive = untold(gone=False)
    drive.give(Part(envelopes=(hold(records=("photo",)),)))
    drive.until(37 * DAY + HOUR)
    back = {one.withdraws for one in drive.commands if one.kind == "CANCEL" and one.recipient}
    assert back == {one.command_id for one in tellings(drive)[2:]}
