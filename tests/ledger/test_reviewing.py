"""Documents that change reach every record, some at a time; nothing undue leaves in between."""

from collections.abc import Iterable

import pytest

from pipeline.documents import Envelope, enveloped
from pipeline.instants import Instant
from pipeline.ledger import reviewing
from pipeline.ledger.outcome import Outcome
from pipeline.ledger.parts import Origin, Part
from pipeline.ledger.reviewing import LOOKS, Confirmation, Review
from tests.support.build import event, policy, rule
from tests.support.drive import Drive, ids

RECORDS = 10
HOLD_ON_ALL = enveloped(
    "holds",
    "hold: h1\nversion: 1\nstate: active\nmatch: {residency: [GB]}\nreason: litigation\n",
    "counsel",
)
LONGER = policy(rule(limit="PT1H"), version=2)


@pytest.fixture(autouse=True)
def _few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reviewing, "LOOKS", 4)


def holding(*documents: Envelope, at: int = 1_000) -> Drive:
    """Return a ledger of more records than are looked at in one go."""
    drive = Drive()
    events = tuple(event(f"r{number}", at=at) for number in range(RECORDS))
    drive.give(Part(envelopes=documents or (policy(),), tick=Instant(at)), Part(events=events))
    return drive


def left(drive: Drive) -> int:
    return drive.ledger.progress()["ledger_unreviewed_records"]


def ticks(drive: Drive, *instants: int) -> list[int]:
    """Let ticks come; return how many records are left to look at after each."""
    found = []
    for at in instants:
        drive.give(Part(tick=Instant(at)))
        found.append(left(drive))
    return found


def of(commands: Iterable[object]) -> int:
    return len({command.record_id for command in commands})  # type: ignore[attr-defined]


def test_a_change_of_documents_reaches_every_record_over_several_ticks() -> None:
    drive = holding()
    drive.give(Part(envelopes=(LONGER,)))
    assert [left(drive), *ticks(drive, 2_000, 2_001, 2_002)] == [6, 2, 0, 0]


def test_a_shorter_limit_is_kept_for_all_once_all_were_looked_at() -> None:
    drive = holding(LONGER)
    drive.give(Part(envelopes=(policy(rule(limit="PT2S"), version=3),), tick=Instant(8_000)))
    drive.until(8_001)
    drive.until(8_002)
    drive.until(8_003)
    assert (left(drive), of(drive.deletions)) == (0, RECORDS)


def test_a_hold_restricts_what_is_due_of_all_records_over_several_ticks() -> None:
    drive = holding()
    drive.until(11_000)
    assert of(drive.deletions) == RECORDS
    drive.give(Part(envelopes=(HOLD_ON_ALL,)))
    for at in (11_001, 11_002, 11_003):
        drive.until(at)
    kinds = [command.kind for command in drive.commands]
    assert (kinds.count("CANCEL"), kinds.count("RESTRICT")) == (RECORDS, RECORDS)


@pytest.mark.parametrize("document", [HOLD_ON_ALL, LONGER])
def test_nothing_that_was_due_before_leaves_while_records_are_still_to_be_looked_at(
    document: Envelope,
) -> None:
    drive = holding()
    drive.give(Part(envelopes=(document,), tick=Instant(10_999)))
    assert left(drive) > 0
    drive.fire(11_000)
    drive.give(Part(tick=Instant(11_000)))
    assert left(drive) > 0
    drive.fire(11_000)
    assert drive.deletions == []
    drive.until(12_000)
    drive.until(13_000)
    assert (left(drive), drive.deletions) == (0, [])


def test_what_is_due_under_both_leaves_on_time_while_others_are_still_to_be_looked_at() -> None:
    drive = holding()
    drive.give(Part(envelopes=(policy(rule(), version=2),), tick=Instant(10_999)))
    drive.give(Part(tick=Instant(11_000)))
    assert left(drive) > 0
    drive.fire(11_000)
    assert of(drive.deletions) == RECORDS


def test_input_goes_on_meanwhile() -> None:
    drive = holding()
    drive.give(Part(envelopes=(LONGER,)))
    before = left(drive)
    origin = Origin("ingestion.events", 0, 5, 6, 5, 1)
    drive.give(Part(events=(event("new", at=1_500),), origins=(origin,)))
    assert (left(drive), drive.acknowledged) == (before, 1)
    assert drive.ledger.holdings.get(event("new").record_id) is not None


def test_a_further_change_is_a_look_at_all_again() -> None:
    drive = holding()
    drive.give(Part(envelopes=(LONGER,)), Part(tick=Instant(2_000)))
    assert left(drive) == 2
    drive.give(Part(envelopes=(policy(rule(limit="PT2H"), version=3),)))
    assert left(drive) == 6


def test_losing_the_decoded_ledger_meanwhile_loses_nothing() -> None:
    drive = holding()
    drive.until(11_000)
    drive.give(Part(envelopes=(HOLD_ON_ALL,)))
    drive.rebuilt(ticks=False)
    assert left(drive) == RECORDS
    for at in range(11_001, 11_005):
        drive.until(at)
    cancelled = {command.withdraws for command in drive.commands if command.kind == "CANCEL"}
    assert cancelled == ids(drive.deletions)
    assert len(cancelled) == RECORDS


def woken(drive: Drive, at: int) -> Outcome:
    return drive.ledger.wake(Instant(at))


def test_a_shard_confirms_new_documents_only_once_all_records_were_looked_at() -> None:
    """Until then its governor lets nothing go that waits."""
    drive = holding()
    drive.until(2_000)
    drive.give(Part(envelopes=(LONGER,)))
    for at in (2_001, 2_002):
        assert left(drive) > 0
        assert woken(drive, at).confirmed is None
        drive.give(Part(tick=Instant(at)))
    assert left(drive) == 0
    assert drive.ledger.next_wake() == 2_002
    assert woken(drive, 2_001).confirmed is None
    assert woken(drive, 2_002).confirmed == drive.ledger.in_force.fingerprint
    assert woken(drive, 2_003).confirmed is None


def test_what_was_about_to_be_confirmed_is_not_once_other_documents_have_come() -> None:
    drive = holding()
    drive.give(Part(envelopes=(LONGER,)))
    assert ticks(drive, 2_001, 2_002) == [2, 0]
    drive.give(Part(envelopes=(policy(rule(limit="PT2H"), version=3),)))
    assert ticks(drive, 2_003, 2_004, 2_005) == [2, 0, 0]
    assert woken(drive, 2_003).confirmed is None
    assert woken(drive, 2_004).confirmed == drive.ledger.in_force.fingerprint


def test_many_are_looked_at_in_one_go_and_each_once() -> None:
    review = Review()
    keys = [b"%d" % number for number in range(11)]
    review.start(keys, resending=True)
    found = [list(review.some()) for _ in range(4)]
    assert [len(some) for some in found] == [4, 4, 3, 0]
    assert [key for some in found for key in some] == keys
    assert LOOKS >= 100


def test_documents_that_come_often_starve_no_record() -> None:
    review = Review()
    keys = [b"%d" % number for number in range(11)]
    seen = set()
    for _ in range(3):
        review.start(keys, resending=False)
        seen |= set(review.some())
    assert seen == set(keys)
    review.start(keys, resending=False)
    assert sorted(key for _ in range(3) for key in review.some()) == sorted(keys)


def test_a_confirmation_is_said_once_for_each_state_of_the_documents() -> None:
    confirmation = Confirmation()
    confirmation.prepare(Instant(0), "a")
    assert confirmation.at is None
    confirmation.prepare(Instant(5), "a")
    confirmation.prepare(Instant(9), "a")
    assert confirmation.given(Instant(4), "a") is None
    assert confirmation.given(Instant(5), "a") == "a"
    confirmation.prepare(Instant(10), "a")
    assert confirmation.at is None
    confirmation.prepare(Instant(10), "b")
    confirmation.withdraw()
    assert confirmation.given(Instant(10), "b") is None
