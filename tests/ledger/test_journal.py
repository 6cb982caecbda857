"""The journal: whatever moment the decoded ledger is lost at, folding gives the same ledger."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from pipeline.instants import DAY, Instant
from pipeline.ledger.book import Ledger
from pipeline.ledger.clocks import CLOCK_TOLERANCE
from pipeline.ledger.folding import folded, take_chunk, whole_chunk
from pipeline.ledger.journal import (
    FIRST_TOKEN,
    Chunk,
    decode_chunks,
    encode_chunk,
    next_token,
)
from pipeline.ledger.outcome import Outcome
from pipeline.ledger.parts import Origin, Part, Span
from tests.support.build import control, event, hold, policy, rule
from tests.support.drive import Drive, ids


def content(ledger: Ledger) -> tuple[object, ...]:
    """Everything of a ledger that must survive, but its index of wakes."""
    return (
        ledger.now,
        {record.record_id: record for record in ledger.holdings.records()},
        ledger.in_force,
        ledger.parked,
        tuple(ledger.findings),
        ledger.opened,
        ledger.gate.open,
    )


def busy() -> Drive:
    drive = Drive()
    drive.give(Part(envelopes=(policy(),), tick=Instant(500)))
    drive.give(Part(events=tuple(event(f"r{number}", at=1_000 + number) for number in range(9))))
    drive.give(Part(envelopes=(hold(records=("r3",)), control("pause", "store:index"))))
    drive.until(11_004)
    drive.answer_all(at=11_004)
    return drive


def test_a_folded_ledger_has_the_content_of_the_one_that_was_lost() -> None:
    drive = busy()
    before = content(drive.ledger)
    drive.rebuilt()
    assert content(drive.ledger) == before


def test_a_folded_ledger_wakes_no_later_than_the_one_that_was_lost() -> None:
    drive = busy()
    before = drive.ledger.next_wake()
    drive.rebuilt()
    after = drive.ledger.next_wake()
    assert before is not None
    assert after is not None
    assert after <= before


def test_a_whole_chunk_stands_for_everything_before_it() -> None:
    drive = busy()
    whole = encode_chunk(whole_chunk(drive.ledger, len(drive.journal) + 1))
    alone = folded(0, {}, decode_chunks([whole]))
    after_all = folded(0, {}, decode_chunks([whole, *drive.journal]))
    assert content(alone) == content(after_all) == content(drive.ledger)


def test_chunks_after_a_whole_one_are_added_to_it() -> None:
    drive = busy()
    drive.journal.append(encode_chunk(whole_chunk(drive.ledger, len(drive.journal) + 1)))
    drive.give(Part(events=(event("new", at=9_000),)))
    before = content(drive.ledger)
    drive.rebuilt()
    assert content(drive.ledger) == before
    assert drive.ledger.holdings.get(event("new").record_id) is not None


def test_a_whole_chunk_of_a_shard_without_its_history_keeps_what_is_parked_and_the_gate() -> None:
    awaited = {"records": 1}
    drive = Drive(awaited=awaited)
    origin = Origin("e", 0, 0, 1, 0, 2)
    drive.give(Part(events=(event(),), origins=(origin,), spans=(Span("records", 0, 0, 2, 0, 4),)))
    whole = encode_chunk(whole_chunk(drive.ledger, 9))
    ledger = folded(0, awaited, decode_chunks([whole]))
    assert not ledger.gate.open
    assert ledger.apply(Part(spans=(Span("records", 0, 2, 4, 0, 4),))).origins == []
    outcome = ledger.apply(Part(tick=Instant(1)))
    assert outcome.origins == [origin]
    assert len(outcome.rows) == 1


def test_what_was_parked_and_applied_is_not_applied_again_after_a_fold() -> None:
    drive = Drive(awaited={"records": 1})
    drive.give(Part(events=(event(),), origins=(Origin("e", 0, 0, 1, 0, 2),)))
    drive.give(Part(spans=(Span("records", 0, 0, 0, 0, 0),), tick=Instant(1)))
    assert drive.acknowledged == 1
    drive.rebuilt()
    assert drive.ledger.parked == []
    drive.give(Part(tick=Instant(1)))
    assert drive.acknowledged == 1


def test_nothing_new_makes_no_chunk() -> None:
    drive = busy()
    count = len(drive.journal)
    drive.give(Part(tick=Instant(11_005)), Part(events=(event("r1", at=1_001),)))
    assert len(drive.journal) == count
    assert take_chunk(drive.ledger, 99) is None


def test_chunks_are_ordered_by_number_whatever_order_they_are_read_in() -> None:
    chunks = [Chunk(number=number) for number in range(1, 5)]
    for order in itertools.permutations(chunks):
        assert decode_chunks([encode_chunk(chunk) for chunk in order]) == chunks


def test_of_several_whole_chunks_the_last_counts() -> None:
    chunks = [Chunk(number=number, whole=number in {2, 4}) for number in range(1, 6)]
    found = decode_chunks([encode_chunk(chunk) for chunk in reversed(chunks)])
    assert [chunk.number for chunk in found] == [4, 5]


@given(st.lists(st.binary(min_size=1, max_size=6), min_size=1, max_size=5, unique=True))
def test_a_token_names_one_history_only(chunks: list[bytes]) -> None:
    """After a rollback the number of chunks may match again, the token does not."""
    tokens = set()
    for order in itertools.permutations(chunks):
        token = FIRST_TOKEN
        for chunk in order:
            token = next_token(token, chunk)
        tokens.add(token)
    assert len(tokens) == len(list(itertools.permutations(chunks)))
    assert FIRST_TOKEN not in tokens


@given(st.integers(0, 12), st.integers(0, 12))
def test_losing_the_decoded_ledger_at_any_two_moments_changes_no_deletion(
    one: int, other: int
) -> None:
    steady, shaken = Drive(), Drive()
    script = [
        Part(envelopes=(policy(rule(limit="PT10S"), default="PT1H"),)),
        Part(events=tuple(event(f"r{number}", at=1_000 * number) for number in range(1, 6))),
        Part(envelopes=(hold(records=("r2",)),)),
        Part(events=(event("r3", at=9_000, what="accessed"),)),
        Part(envelopes=(control("pause"),)),
        Part(envelopes=(control("resume", version=2),)),
        Part(envelopes=(hold(records=("r2",), version=2, state="released"),)),
    ]
    for step in range(13):
        for drive in (steady, shaken):
            if drive is shaken and step in {one, other}:
                drive.rebuilt()
            if step < len(script):
                drive.give(script[step])
            drive.until(step * 3_000)
    assert ids(shaken.deletions) == ids(steady.deletions)
    assert len(steady.deletions) == 5
    assert shaken.digest() == steady.digest()


def test_a_difference_of_clocks_still_pauses_deletion_after_the_decoded_ledger_was_lost() -> None:
    drive = Drive()
    drive.give(Part(envelopes=(policy(),)), Part(events=(event(at=1_000),)))
    drive.give(Part(tick=Instant(12_000)))
    outcome = Outcome()
    drive.ledger.observe_clock(Instant(12_000 + 12 * CLOCK_TOLERANCE), Instant(12_000), outcome)
    assert [item.kind for item in outcome.findings] == ["CLOCK_DIFFERENCE"]
    drive.give(Part(events=(event("another", at=DAY),)))
    drive.rebuilt()
    drive.fire(12_000)
    assert drive.deletions == []


def test_after_a_restart_nothing_is_woken_before_the_first_tick() -> None:
    """What is known of the time is of before the restart; much may have been published since."""
    drive = Drive()
    drive.give(Part(envelopes=(policy(),), tick=Instant(20_000)))
    drive.give(Part(events=(event(at=1_000),)))
    drive.rebuilt(ticks=False)
    drive.fire(20_000)
    assert drive.deletions == []
    drive.give(Part(envelopes=(hold(records=("r1",)),), events=(event("r2", at=1_000),)))
    drive.fire(20_000)
    assert drive.deletions == []
    drive.give(Part(tick=Instant(20_000)))
    drive.until(20_000)
    assert [item.record_id for item in drive.deletions] == ["r2"]
