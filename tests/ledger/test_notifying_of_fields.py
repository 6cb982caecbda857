"""Recipients are told of fields that are erased under a request, and of the rest when that goes."""

import msgspec

from pipeline.documents import Envelope, enveloped
from pipeline.ledger.parts import Part
from tests.ledger.files import PASSPORT, PHOTO, file, keep
from tests.ledger.looks import HELD, RELEASED, publish, say, withdrawn
from tests.support.build import event, policy_text, request, rule
from tests.support.drive import Drive

WHY = "request:dsr-1/erasure"


def bank(limit: str = "P900D") -> Envelope:
    """Return the policy of a bank that keeps passports for an hour, and tells recipients."""
    text = policy_text(rule(limit=limit), keep()) + "notifier: desk\n"
    return enveloped("policies", text, "counsel")


def asked(*documents: Envelope, until: int = 6_000) -> Drive:
    """Let r1, given to a broker, be asked to be erased, but for what the bank must keep."""
    given = msgspec.structs.replace(
        event(at=2_000, what="disclosed", stores=()), recipients=("broker",)
    )
    drive = Drive()
    drive.give(Part(envelopes=documents, events=(file(PASSPORT, PHOTO), given)))
    drive.until(until)
    return drive


def told(drive: Drive) -> list[tuple[str, str, tuple[str, ...]]]:
    """Return whom, why and of what it was commanded to tell, each once."""
    found = {c.command_id: c for c in drive.commands if c.kind == "NOTIFY_RECIPIENT"}
    return [(str(c.recipient), c.cause, c.fields) for c in found.values()]


def test_a_recipient_is_told_of_the_fields_and_later_of_the_rest() -> None:
    drive = asked(bank(), request())
    assert told(drive) == [("broker", WHY, ("photo",))]
    drive.answer_all(at=6_500)
    drive.until(3_700_000)
    assert [one.kind for one in drive.deletions] == ["DELETE"]
    assert told(drive)[1:] == [("broker", WHY, ())]


def test_nobody_is_told_of_fields_that_a_limit_erases() -> None:
    drive = asked(bank("PT3S"))
    assert "REDACT" in {one.kind for one in drive.commands}
    assert told(drive) == []


def test_who_was_told_of_what_is_taken_back_is_told_otherwise() -> None:
    drive = asked(bank(), request())
    [telling] = [one for one in drive.commands if one.kind == "NOTIFY_RECIPIENT"]
    assert publish(drive, HELD, until=7_000) == ["CANCEL", "CANCEL"]
    assert telling.command_id in withdrawn(drive)
    publish(drive, RELEASED, until=8_000)
    again = [one for one in drive.commands if one.kind == "NOTIFY_RECIPIENT"][1:]
    assert [one.fields for one in again] == [("photo",)]
    assert again[0].command_id != telling.command_id


def test_what_has_been_erased_is_not_told_otherwise() -> None:
    drive = asked(bank(), request())
    [erasing] = [one for one in drive.commands if one.kind == "REDACT"]
    say(drive, erasing, "COMPLETED", at=6_500)
    assert "CANCEL" not in publish(drive, HELD, until=7_000)
