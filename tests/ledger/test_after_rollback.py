"""A ledger that goes back behind what it commanded, and learns meanwhile what it did not know."""

from pipeline.documents import enveloped
from pipeline.instants import Instant
from pipeline.ledger.parts import Part
from tests.ledger.files import bank, file, redaction
from tests.ledger.looks import ready
from tests.support.build import event, policy, rule
from tests.support.drive import Drive

TOUCHED = policy(rule(clock="last_interaction", limit="PT10S"))


def gone_back(drive: Drive, to: int) -> Drive:
    """Return a ledger as it was after so many chunks of the journal."""
    before = Drive(journal=drive.journal[:to])
    before.rebuilt(ticks=False)
    before.give(Part(tick=Instant(1_500)))
    return before


def twice() -> tuple[Drive, Drive]:
    """Return a ledger that deleted r1, and one that went back behind it and learned of a use."""
    first = ready(TOUCHED)
    first.give(Part(events=(event(at=1_000),)))
    to = len(first.journal)
    first.until(11_000)
    again = gone_back(first, to)
    again.give(Part(events=(event(at=12_000, what="accessed"),)))
    again.until(22_000)
    return first, again


def test_what_covers_more_has_another_id() -> None:
    first, again = twice()
    covered = [drive.deletions[0].data_until for drive in (first, again)]
    assert covered == [11_000, 22_000]
    assert first.deletions[0].command_id != again.deletions[0].command_id


def test_an_answer_to_what_covered_less_does_not_say_that_the_rest_is_gone() -> None:
    first, again = twice()
    again.commands, asked = list(first.deletions), again.deletions
    again.answer_all(at=23_000)
    assert again.outstanding == 1
    again.commands = asked
    again.answer_all(at=24_000)
    assert again.outstanding == 0


def test_what_covers_the_same_has_the_same_id() -> None:
    first = ready(TOUCHED)
    first.give(Part(events=(event(at=1_000),)))
    again = gone_back(first, len(first.journal))
    for drive in (first, again):
        drive.until(11_000)
    assert first.deletions == again.deletions


def test_erasing_fields_too() -> None:
    first = ready(bank(limit="PT10S"))
    first.give(Part(events=(file(),)))
    to = len(first.journal)
    first.until(11_000)
    again = gone_back(first, to)
    longer = bank(limit="PT15S").text.replace("version: 1", "version: 2")
    again.give(Part(envelopes=(enveloped("policies", longer, "counsel"),)))
    again.until(16_000)
    assert [redaction(drive).data_until for drive in (first, again)] == [11_000, 16_000]
    assert redaction(first).command_id != redaction(again).command_id
