"""Lineage when a decoded ledger is lost, when a ledger is built anew, and when mail comes late."""

import pytest

from pipeline.documents import Envelope
from pipeline.instants import Instant
from pipeline.ledger.book import Ledger
from pipeline.ledger.folding import folded, whole_chunk
from pipeline.ledger.journal import decode_chunks, encode_chunk
from pipeline.ledger.parts import Part, Span
from pipeline.records import ASK, TOLD
from tests.ledger.kin import PHOTO, alone, asked, deliver, derived, family, gone, kept, notice, told
from tests.ledger.looks import LONG
from tests.support.build import event, hold, policy, rule
from tests.support.drive import Drive

LIMIT = policy(rule(limit="PT10S"))
DUE = 11_100
HOLD = hold(records=("photo",))


@pytest.mark.parametrize("whole", [False, True])
def test_a_question_that_waits_survives_the_loss_of_the_decoded_ledger(whole: bool) -> None:
    drive = family(events=(PHOTO,), posts=False, until=5_000)
    drive.give(Part(mails=(asked(at=9_000),)))
    drive.until(6_000)
    if whole:
        chunk = encode_chunk(whole_chunk(drive.ledger, 99))
        drive.ledger = folded(0, {}, decode_chunks([chunk]))
        drive.give(Part(tick=Instant(6_000)))
    else:
        drive.rebuilt()
    drive.until(20_000)
    assert [(mail.what, mail.at) for mail in drive.mails] == [(TOLD, 9_000)]
    drive.mails.clear()
    if not whole:
        drive.rebuilt()
        drive.until(30_000)
        assert drive.mails == []


def test_a_deletion_that_waits_goes_out_after_the_decoded_ledger_was_lost() -> None:
    drive = alone(LIMIT)
    drive.rebuilt()
    drive.until(21_000)
    assert gone(drive) == {}
    drive.give(Part(mails=(told(at=DUE),)))
    drive.rebuilt()
    drive.until(22_000)
    assert set(gone(drive)) == {"template"}


ROWS = Span("records", 0, 0, 1, 0, 1)
GATED = {"records": 1}


def test_a_rebuild_asks_again_what_was_not_answered_and_tells_children_again() -> None:
    before = family(LONG, notice(), events=(PHOTO, derived("template", "photo", "other")))
    before.posts = False
    before.until(9_000)
    before.mails.clear()
    waits = derived("late", "other", at=9_000)
    before.give(Part(events=(waits,)))
    rows = tuple(kept(before, name) for name in ("photo", "template", "late"))
    again = Drive(awaited=GATED, posts=False)
    again.ledger = Ledger(0, GATED)
    again.give(Part(envelopes=(LONG, notice())), Part(rows=rows, spans=(ROWS,)))
    assert again.mails == []
    again.give(Part(tick=Instant(10_000)))
    asks = {(mail.other_id, mail.record_id) for mail in again.mails if mail.what == ASK}
    assert ("late", "other") in asks
    words = [mail for mail in again.mails if mail.what == TOLD]
    assert [(mail.record_id, mail.other_id) for mail in words] == [("template", "photo")]
    assert [one.document for one in words[0].taints] == ["notice:ico-1"]


def test_a_deletion_that_was_lost_leaves_again_once_the_parents_have_answered() -> None:
    """After a rebuild they are asked anew: it does not wait until it would be sent again."""
    before = alone(LIMIT)
    before.give(Part(mails=(told(at=DUE),)))
    before.until(21_000)
    assert set(gone(before)) == {"template"}
    again = Drive(awaited=GATED, posts=False)
    again.ledger = Ledger(0, GATED)
    again.give(Part(envelopes=(LIMIT,)), Part(rows=(kept(before),), spans=(ROWS,)))
    again.give(Part(tick=Instant(22_000)))
    again.until(23_000)
    assert gone(again) == {}
    again.give(Part(mails=(told(at=22_000, version=91_000),)))
    again.until(24_000)
    assert [command.command_id for command in again.deletions] == [
        command.command_id for command in before.deletions
    ]


# -- timing --------------------------------------------------------------------------------------


@pytest.mark.parametrize("documents", [(LIMIT,), (LONG, notice()), (LIMIT, HOLD)])
def test_the_content_of_a_ledger_does_not_depend_on_when_mail_comes(
    documents: tuple[Envelope, ...],
) -> None:
    events = (PHOTO, derived(), derived("copy", "template", at=1_200), event("other", at=1_000))
    digests = set()
    for pause in (0, 3_000, 25_000):
        drive = family(*documents, events=events, posts=pause == 0)
        for until in range(3_000, 70_000, max(pause, 5_000)):
            drive.until(until)
            deliver(drive)
        drive.until(90_000)
        deliver(drive)
        drive.until(100_000)
        digests.add(drive.digest())
    assert len(digests) == 1
