"""After a rebuild everything unanswered is sent again, whatever comes between its looks."""

import msgspec
import pytest

from pipeline.documents import Envelope
from pipeline.instants import DAY, Instant
from pipeline.ledger import reviewing
from pipeline.ledger.clocks import CLOCK_TOLERANCE
from pipeline.ledger.folding import whole_chunk
from pipeline.ledger.journal import Chunk, decode_chunks, encode_chunk
from pipeline.ledger.outcome import Outcome
from pipeline.ledger.parts import Part, Span
from pipeline.records import Record
from tests.ledger.looks import ready
from tests.support.build import control, event, hold, policy
from tests.support.drive import Drive, ids

GATED = {"records": 1, "policies": 1}
SPANS = (Span("records", 0, 0, 1, 0, 1), Span("policies", 0, 0, 1, 0, 1))
LOOKS, RECORDS = 4, 15
NOW = 12_000
APART = 12 * CLOCK_TOLERANCE


@pytest.fixture(autouse=True)
def _few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reviewing, "LOOKS", LOOKS)


def unanswered(*documents: Envelope) -> tuple[tuple[Record, ...], set[str]]:
    """Return rows of records for which something is commanded, and the ids of the commands."""
    drive = ready(policy(), *documents)
    drive.give(Part(events=tuple(event(f"r{number}", at=1_000) for number in range(RECORDS))))
    drive.until(11_000)
    return tuple(drive.ledger.holdings.records()), ids(drive.commands)


def anew(rows: tuple[Record, ...], *documents: Envelope, apart: int = 0) -> Drive:
    """Return a ledger built from topics, with one tick, and clocks that differ by so much."""
    drive = Drive(awaited=GATED)
    drive.ledger.observe_clock(Instant(NOW + apart), Instant(NOW), Outcome())
    drive.give(Part(envelopes=(policy(), *documents), rows=rows, spans=SPANS))
    drive.give(Part(tick=Instant(NOW)))
    assert len(drive.ledger.review) == RECORDS - 2 * LOOKS  # some as it opens, some with the tick
    return drive


def fold(drive: Drive, *, whole: bool = False) -> None:
    if whole:
        drive.journal = [encode_chunk(whole_chunk(drive.ledger, 99))]
    drive.rebuilt()


def ticks(drive: Drive, start: int, count: int = 5) -> None:
    """Let ticks come, a second apart, and what is due be woken at the present."""
    for at in range(start, start + count * 1_000, 1_000):
        drive.give(Part(tick=Instant(at)))
        drive.fire(at)


def agree(drive: Drive, at: int) -> None:
    drive.ledger.observe_clock(Instant(at), Instant(at), Outcome())


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("looks", [2, 3])
def test_a_ledger_lost_before_all_was_sent_again_sends_the_rest(looks: int, whole: bool) -> None:
    rows, before = unanswered()
    drive = anew(rows)
    ticks(drive, NOW + 1_000, looks - 2)
    assert len(ids(drive.deletions)) == looks * LOOKS
    fold(drive, whole=whole)
    ticks(drive, NOW + 2_000)
    assert ids(drive.deletions) == before
    assert {command.attempt for command in drive.deletions} == {1}


def test_it_may_be_lost_after_every_look_and_again_before_the_next() -> None:
    rows, before = unanswered()
    drive = anew(rows)
    for second in range(1, 3):
        fold(drive)
        assert drive.ledger.review.resending
        ticks(drive, NOW + second * 1_000, 1)
    fold(drive)
    ticks(drive, NOW + 3_000)
    assert ids(drive.deletions) == before


@pytest.mark.parametrize("whole", [False, True])
def test_a_pause_that_ends_after_the_ledger_was_lost_lets_all_leave(whole: bool) -> None:
    """Who withheld them has forgotten them: none may wait for its next sending."""
    rows, before = unanswered()
    drive = anew(rows, control("pause"))
    fold(drive, whole=whole)
    ticks(drive, NOW + 1_000)
    assert (drive.deletions, len(drive.ledger.review)) == ([], 0)
    drive.give(Part(envelopes=(control("resume", version=2),)))
    ticks(drive, NOW + 6_000)
    assert ids(drive.deletions) == before
    assert len(drive.deletions) == RECORDS


def test_once_all_was_sent_again_nothing_is_whenever_the_ledger_is_lost() -> None:
    rows, before = unanswered()
    drive = anew(rows)
    ticks(drive, NOW + 1_000)
    assert len(drive.deletions) == RECORDS
    fold(drive)
    ticks(drive, NOW + 6_000)
    drive.give(Part(envelopes=(control("pause", "store:elsewhere"),)))
    fold(drive)  # in the middle of a look at all because of a document
    assert len(drive.ledger.review) > 0
    ticks(drive, NOW + 11_000)
    assert len(drive.deletions) == RECORDS
    assert ids(drive.deletions) == before


def test_a_journal_that_does_not_say_whether_is_read() -> None:
    """It was written before that was kept."""
    chunk = Chunk(number=7, reviewing=True, removed=(b"r1",), resending=True)
    former = msgspec.msgpack.encode(msgspec.structs.astuple(chunk)[:-1])
    assert decode_chunks([former]) == [msgspec.structs.replace(chunk, resending=False)]
    assert decode_chunks([encode_chunk(chunk)]) == [chunk]


@pytest.mark.parametrize("folds", [False, True])
@pytest.mark.parametrize("days", [0, 3])
def test_while_clocks_differ_no_deletion_is_sent_again_and_all_are_once_they_agree(
    days: int, folds: bool
) -> None:
    rows, before = unanswered()
    drive = anew(rows, apart=APART)
    ticks(drive, NOW + 1_000, 1)
    if folds:
        fold(drive)
    ticks(drive, NOW + 2_000)
    now = NOW + days * DAY + 10_000
    ticks(drive, now)
    assert (drive.deletions, len(drive.ledger.review)) == ([], 0)
    agree(drive, now + 5_000)
    ticks(drive, now + 5_000)
    assert ids(drive.deletions) == before
    assert len(drive.deletions) == RECORDS


def test_clocks_that_agree_before_all_was_looked_at_lose_nothing() -> None:
    rows, before = unanswered()
    drive = anew(rows, apart=APART)
    agree(drive, NOW)
    ticks(drive, NOW + 1_000)
    assert ids(drive.deletions) == before
    assert len(drive.deletions) == RECORDS


def test_while_clocks_differ_restrictions_are_sent_again() -> None:
    held = hold(records=tuple(f"r{number}" for number in range(RECORDS)))
    rows, before = unanswered(held)
    drive = anew(rows, held, apart=APART)
    ticks(drive, NOW + 1_000)
    assert {command.kind for command in drive.commands} == {"RESTRICT"}
    assert ids(drive.commands) == before
