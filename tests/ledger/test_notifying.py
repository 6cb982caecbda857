"""Recipients are told of what a notice or a request erases (GDPR art 19, DPA 2018 s.151)."""

import msgspec

from pipeline.documents import Envelope, enveloped
from pipeline.events import Event
from pipeline.instants import DAY, HOUR
from pipeline.ledger.parts import Part
from tests.ledger.kin import kept, notice
from tests.support.build import event, hold, policy_text, rule
from tests.support.drive import Drive


def promise(*, notifier: str = "notifier: desk\n", limit: str = "P900D") -> Envelope:
    """Return a policy that names who tells recipients."""
    return enveloped("policies", policy_text(rule(limit=limit)) + notifier, "counsel")


def disclosed(*recipients: str, at: int = 2_000) -> Event:
    """Return what tells that a photo was given to somebody."""
    given = event("photo", at=at, what="disclosed", stores=())
    return msgspec.structs.replace(given, recipients=recipients)


def told(*documents: Envelope, events: tuple[Event, ...], until: int = 6_000) -> Drive:
    """Let a photo be collected, given to somebody, and a notice be in force from 5,000 on."""
    drive = Drive()
    drive.give(Part(envelopes=documents, events=(event("photo", at=1_000), *events)))
    drive.until(until)
    return drive


def notices(drive: Drive) -> list[tuple[str, str | None, str]]:
    """Return to which store, for whom, and why it was commanded to tell somebody."""
    return [(c.store, c.recipient, c.cause) for c in drive.commands if c.kind == "NOTIFY_RECIPIENT"]


def test_each_recipient_is_told_once() -> None:
    drive = told(promise(), notice(), events=(disclosed("broker", "agency"),))
    cause = "notice:ico-1/delete"
    assert notices(drive) == [("desk", "agency", cause), ("desk", "broker", cause)]
    drive.until(7_000)
    drive.give(Part(events=(disclosed("broker", at=2_500),)))
    drive.until(8_000)
    assert len(notices(drive)) == 2
    # Whoever was told of a disclosure only later is told of the erasure then.
    drive.give(Part(events=(disclosed("club", at=2_600),)))
    drive.until(9_000)
    assert notices(drive)[2:] == [("desk", "club", cause)]


def test_they_are_told_though_the_data_is_gone_and_it_is_overdue_if_nobody_does() -> None:
    drive = told(promise(), notice(), events=(disclosed("broker"),))
    drive.answer_all(at=6_000, store="images")
    drive.until(2 * DAY)
    assert kept(drive, "photo").lives() == {}
    [first, again] = [c for c in drive.commands if c.kind == "NOTIFY_RECIPIENT"][:2]
    assert first.command_id == again.command_id
    assert again.attempt == 2
    overdue = [one for one in drive.findings if one.kind == "OVERDUE"]
    assert [one.subject for one in overdue] == [first.command_id]
    drive.answer_all(at=2 * DAY, store="desk")
    drive.until(2 * DAY + HOUR)
    assert drive.outstanding == 0


def test_nobody_is_told_of_what_a_limit_deletes() -> None:
    drive = told(promise(limit="PT4S"), events=(disclosed("broker"),))
    assert [c.kind for c in drive.commands] == ["DELETE"]


def test_without_a_notifier_somebody_must_see_to_it() -> None:
    drive = told(promise(notifier=""), notice(), events=(disclosed("broker"),))
    assert notices(drive) == []
    [found] = [one for one in drive.findings if one.kind == "NO_NOTIFIER"]
    assert found.subject == "notice:ico-1/delete"


def test_who_was_told_of_an_erasure_that_is_withdrawn_is_told_otherwise() -> None:
    drive = told(promise(), notice(), events=(disclosed("broker"),))
    drive.answer_all(at=6_000, store="desk")
    drive.give(Part(envelopes=(hold(records=("photo",)),)))
    drive.until(7_000)
    back = [c for c in drive.commands if c.kind == "CANCEL"]
    assert {(c.store, c.recipient) for c in back} == {("images", None), ("desk", "broker")}
    drive.give(Part(envelopes=(hold(records=("photo",), version=2, state="released"),)))
    drive.until(8_000)
    assert len(notices(drive)) == 2
    [first, second] = [c for c in drive.commands if c.kind == "NOTIFY_RECIPIENT"]
    assert first.command_id != second.command_id


def test_who_was_told_of_an_erasure_of_which_a_part_is_done_is_not_told_otherwise() -> None:
    drive = Drive()
    both = event("photo", at=1_000, stores=("images", "index"))
    drive.give(Part(envelopes=(promise(), notice()), events=(both, disclosed("broker"))))
    drive.until(6_000)
    drive.answer_all(at=6_000, store="index")
    drive.give(Part(envelopes=(hold(records=("photo",)),)))
    drive.until(7_000)
    assert {c.store for c in drive.commands if c.kind == "CANCEL"} == {"images"}
