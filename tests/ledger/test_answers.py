"""What the answers of stores make of a record, in whatever order they come."""

from collections.abc import Iterator

import pytest

from pipeline.findings import Finding
from pipeline.identifiers import Cause, CommandId, RecordId, StoreName, command_id
from pipeline.instants import Instant
from pipeline.ledger.answering import KEPT_ANSWERS, received
from pipeline.ledger.parts import Part
from pipeline.ledger.unanswered import open_commands, status
from pipeline.receipts import Receipt
from pipeline.records import Issued, Record
from tests.ledger.looks import HELD, LONG, answer, driven, look, order, publish, record, say
from tests.support.build import event, notice, policy, rule
from tests.support.drive import Drive, ids


def test_a_life_ends_only_when_every_store_has_erased_it() -> None:
    issued = look(record("images", "index"), 11_000).record
    half = answer(issued, 12_000, store="images")
    assert half.alive
    assert (status(half), len(open_commands(half))) == ("DELETE_COMMANDED", 1)
    done = answer(half, 12_000, store="index")
    assert (status(done), len(open_commands(done))) == ("DELETED", 0)


def test_an_answer_that_is_not_final_ends_no_life() -> None:
    issued = look(record(), 11_000).record
    for word in ("PENDING", "IN_PROGRESS", "PARTIAL", "FAILED", "NOT_SUPPORTED", "CANCELLED"):
        assert answer(issued, 12_000, word).alive, word
    assert not answer(issued, 12_000, "NOT_FOUND").alive


def test_a_settled_restriction_ends_no_life() -> None:
    order = notice(stop=(1_000, 2_000), delete=(90_000, 95_000))
    issued = look(record(), 1_500, policy(rule(limit="PT1H")), order).record
    assert [item.kind for item in issued.issued] == ["RESTRICT"]
    done = answer(issued, 2_000)
    assert done.alive
    assert status(done) == "RESTRICTED"


def test_a_store_cannot_settle_another_stores_command() -> None:
    issued = look(record("images", "index"), 11_000).record
    [images] = [item for item in issued.issued if item.store == "images"]
    wrong = Receipt(
        images.command_id, RecordId("r1"), StoreName("index"), "COMPLETED", Instant(12_000)
    )
    after, findings = received(issued, wrong, Instant(12_000))
    assert after == issued
    assert [item.kind for item in findings] == ["UNKNOWN_COMMAND"]


def policy_cause() -> Cause:
    return Cause("policy:acme/gb-search")


def name_of_the_deletion() -> CommandId:
    """Return the id of the DELETE of the usual event, which no ledger has issued yet."""
    return command_id(
        kind="DELETE",
        target="images",
        record_id=event().record_id,
        generation=event().event_id,
        cause=policy_cause(),
        epoch=" 11000",  # what it covers
    )


def answered_by(name: CommandId) -> Receipt:
    return Receipt(name, RecordId("r1"), StoreName("images"), "COMPLETED", Instant(11_500))


def test_a_receipt_read_again_before_its_command_was_issued_again_settles_it() -> None:
    """A runner that goes back to its checkpoint reads the receipt before the timer fires again."""
    drive = Drive()
    drive.give(Part(envelopes=(policy(),), events=(event(at=1_000),)))
    name = name_of_the_deletion()
    drive.give(Part(receipts=(answered_by(name),)))
    drive.until(11_000)
    assert ids(drive.deletions) == {name}
    assert drive.outstanding == 0


def test_what_is_settled_as_it_is_issued_delays_nothing_that_is_due_after_it() -> None:
    """Went back far: what was collected again has fallen due too, and no receipt will come."""
    drive = Drive()
    again = event(at=11_600, event_id="again")
    drive.give(Part(envelopes=(policy(),), events=(event(at=1_000), again)))
    name = name_of_the_deletion()
    drive.give(Part(receipts=(answered_by(name),)))
    drive.until(30_000)
    assert [command.data_until for command in drive.deletions] == [11_000, 21_600]
    assert drive.outstanding == 1


def test_an_answer_to_a_cancel_that_is_read_before_it_settles_it_too() -> None:
    cancelled = driven()
    publish(cancelled, HELD, until=12_000)
    [cancel] = [command for command in cancelled.commands if command.kind == "CANCEL"]
    drive = driven()
    say(drive, cancel, "COMPLETED")
    publish(drive, HELD, until=12_000)
    [restriction] = [command for command in drive.commands if command.kind == "RESTRICT"]
    say(drive, restriction, "COMPLETED")
    assert drive.outstanding == 0


def test_an_early_answer_of_another_store_settles_nothing() -> None:
    drive = Drive()
    drive.give(Part(envelopes=(policy(),), events=(event(at=1_000, stores=("images", "index")),)))
    name = name_of_the_deletion()
    wrong = Receipt(name, RecordId("r1"), StoreName("index"), "COMPLETED", Instant(11_500))
    drive.give(Part(receipts=(wrong,)))
    drive.until(11_000)
    assert drive.outstanding == 2


# -- two answers to one command ------------------------------------------------------------------

LETTERS = {
    "P": "PENDING",
    "I": "IN_PROGRESS",
    "B": "BLOCKED_BY_HOLD",
    "R": "PARTIAL",
    "F": "FAILED",
    "U": "NOT_SUPPORTED",
    "C": "CANCELLED",
    "N": "NOT_FOUND",
    "D": "COMPLETED",
}
TABLE = """
    P  I  B  R  F  U  C  N  D
P   P  I  B  R  F  U  C  N  D
I   I  I  B  R  F  U  C  N  D
B   B  B  B  R  F  U  C  N  D
R   R  R  R  R  F  U  C  N  D
F   F  F  F  F  F  U  C  N  D
U   U  U  U  U  U  U  C  N  D
C   C  C  C  C  C  C  C  N  D
N   N! N! N! N! N! N! N! N  D
D   D! D! D! D! D! D! D! D  D
"""
"""What two answers come to: a row for the one given first, a column for the one given later.

`!` marks what contradicts itself: said to be done, and not done later.
"""


def pairs() -> Iterator[tuple[str, str, str, bool]]:
    head, *rows = [line.split() for line in TABLE.strip().splitlines()]
    for first, *cells in rows:
        for later, cell in zip(head, cells, strict=True):
            yield LETTERS[first], LETTERS[later], LETTERS[cell[0]], cell.endswith("!")


def replies(*receipts: Receipt, to: Record) -> tuple[Record, list[str]]:
    """Let answers arrive; return the record and the kinds of what is found, each once."""
    told: list[Finding] = []
    for item in receipts:
        after, findings = received(to, item, Instant(50_000))
        to, told = after, [*told, *findings]
    return to, sorted({item.kind for item in told})


def reply(item: Issued, status: str, at: int = 12_000, remaining: int | None = None) -> Receipt:
    return Receipt(item.command_id, RecordId("r1"), item.store, status, Instant(at), remaining)


@pytest.mark.parametrize(("first", "later", "outcome", "contradictory"), pairs())
def test_what_two_answers_come_to_whichever_arrives_first(
    first: str, later: str, outcome: str, contradictory: bool
) -> None:
    issued = look(record(), 11_000).record
    [deletion] = issued.issued
    refused = {first, later} & {"FAILED", "NOT_SUPPORTED", "BLOCKED_BY_HOLD"}
    expected = ["CONTRADICTING_RECEIPT"] * contradictory + ["REFUSED_BY_STORE"] * bool(refused)
    said = [reply(deletion, first, 12_000), reply(deletion, later, 13_000)]
    for arriving in (said, said[::-1]):
        after, found = replies(*arriving, to=issued)
        [answered] = after.issued
        assert (answered.outcome, found) == (outcome, expected)
        assert after.alive == (outcome not in {"COMPLETED", "NOT_FOUND"})


def test_two_answers_of_one_instant_contradict_nothing() -> None:
    issued = look(record(), 11_000).record
    [deletion] = issued.issued
    said = [reply(deletion, "COMPLETED"), reply(deletion, "PENDING")]
    for arriving in (said, said[::-1]):
        assert replies(*arriving, to=issued)[1] == []


@pytest.mark.parametrize(
    ("status", "remaining", "outcome", "found"),
    [
        ("COMPLETED", None, "COMPLETED", []),
        ("COMPLETED", 0, "COMPLETED", []),
        ("COMPLETED", 1, "PARTIAL", ["DATA_REMAINS"]),
        ("NOT_FOUND", 1, "NOT_FOUND", []),
        ("PARTIAL", 1, "PARTIAL", []),
    ],
)
def test_what_was_read_back_after_a_deletion_is_not_deleted(
    status: str, remaining: int | None, outcome: str, found: list[str]
) -> None:
    issued = look(record(), 11_000).record
    [deletion] = issued.issued
    after, told = replies(reply(deletion, status, remaining=remaining), to=issued)
    assert ([item.outcome for item in after.issued], told) == ([outcome], found)


@pytest.mark.parametrize(
    ("first", "later"),
    [(("COMPLETED", 3), ("FAILED", None)), (("COMPLETED", None), ("COMPLETED", 3))],
)
def test_what_was_read_back_contradicts_the_same_whichever_arrives_first(
    first: tuple[str, int | None], later: tuple[str, int | None]
) -> None:
    issued = look(record(), 11_000).record
    [deletion] = issued.issued
    said = [
        reply(deletion, first[0], 12_000, first[1]),
        reply(deletion, later[0], 13_000, later[1]),
    ]
    assert replies(*said, to=issued)[1] == replies(*said[::-1], to=issued)[1]


@pytest.mark.parametrize(
    ("status", "remaining", "found"),
    [
        ("COMPLETED", None, ["DELETED_DESPITE_CANCEL"]),
        ("COMPLETED", 2, ["DATA_REMAINS"]),
        ("NOT_FOUND", None, []),
        ("CANCELLED", None, []),
        ("FAILED", None, ["REFUSED_BY_STORE"]),
    ],
)
def test_a_deletion_done_after_its_cancel_is_found_and_believed(
    status: str, remaining: int | None, found: list[str]
) -> None:
    known = look(look(record(), 11_000).record, 12_000, policy(), HELD).record
    [deletion] = [item for item in known.issued if item.kind == "DELETE"]
    after, told = replies(reply(deletion, status, 13_000, remaining), to=known)
    assert told == found
    assert after.alive == ((status, remaining) not in {("COMPLETED", None), ("NOT_FOUND", None)})


def test_a_restriction_done_after_its_release_is_no_loss() -> None:
    known = look(look(record(), 5_000, LONG, order(delete=80_000)).record, 6_000, LONG).record
    [restriction] = [item for item in known.issued if item.kind == "RESTRICT"]
    assert restriction.withdrawn
    assert replies(reply(restriction, "COMPLETED", 7_000), to=known)[1] == []


def test_an_answer_to_what_was_never_commanded_is_found_and_kept() -> None:
    """After a rollback it may be read before its command is issued again."""
    name = CommandId("never")
    receipt = Receipt(name, RecordId("r1"), StoreName("images"), "COMPLETED", Instant(12_000))
    for known in (record(), look(record(), 11_000).record):
        after, findings = received(known, receipt, Instant(12_000))
        assert [item.kind for item in findings] == ["UNKNOWN_COMMAND"]
        assert [item.command_id for item in after.answers] == [name]
        assert after.issued == known.issued


def test_of_unknown_answers_the_newest_are_kept_in_any_order() -> None:
    receipts = [
        Receipt(CommandId(f"c{at}"), RecordId("r1"), StoreName("images"), "COMPLETED", Instant(at))
        for at in range(1, 2 * KEPT_ANSWERS)
    ]
    one, other = record(), record()
    for here, there in zip(receipts, receipts[::-1], strict=True):
        one, _ = received(one, here, Instant(1))
        other, _ = received(other, there, Instant(1))
    assert one == other
    assert [item.at for item in one.answers] == list(range(KEPT_ANSWERS, 2 * KEPT_ANSWERS))
