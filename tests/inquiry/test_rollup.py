"""People's requests rolled up: over all their records, stores and receipts."""

import pytest

from pipeline.documents import Envelope
from pipeline.events import Event
from pipeline.inquiry.rollup import InStore, Requests, Rollup
from pipeline.instants import Instant
from pipeline.ledger.parts import Part
from pipeline.rules import Planner
from tests.support.build import event, hold, policy, request
from tests.support.drive import Drive
from tests.test_precedence import limit

NOW = 5_000


def drive_of(*documents: Envelope, events: tuple[Event, ...]) -> Drive:
    drive = Drive()
    standing = policy(limit("a", 100), default="PT200S")
    drive.give(Part(envelopes=(standing, *documents), tick=Instant(1_000)))
    drive.give(Part(events=events))
    drive.until(NOW)
    return drive


def rolled(drive: Drive) -> Rollup:
    found = Requests(Planner(drive.ledger.versions.in_force(drive.ledger.now)))
    for record in drive.ledger.holdings.records():
        found.take(record)
    (one,) = found.done()
    return one


BOTH = ("images", "index")


def two_records() -> tuple[Event, ...]:
    return tuple(event(name, at=1_000, stores=BOTH) for name in ("r1", "r2"))


ASKED = request(subjects=("s-r1", "s-r2"))


def test_it_waits_until_every_store_of_every_record_has_answered() -> None:
    drive = drive_of(ASKED, events=(*two_records(), event("other", at=1_000)))
    one = rolled(drive)
    assert (one.records, one.outcomes, one.is_done) == (2, {"outstanding": 2}, False)
    assert one.stores == (InStore("images", 2, 0), InStore("index", 2, 0))
    drive.answer_all(at=NOW, store="images")
    assert rolled(drive).stores == (InStore("images", 2, 2), InStore("index", 2, 0))
    assert rolled(drive).outcomes == {"outstanding": 2}
    drive.answer_all(at=NOW)
    one = rolled(drive)
    assert (one.records, one.outcomes, one.is_done) == (2, {"deleted": 2}, True)


def test_of_what_is_long_gone_it_still_tells() -> None:
    """Whom the data was about is forgotten; what was commanded is not."""
    drive = drive_of(ASKED, events=two_records())
    drive.answer_all(at=NOW)
    drive.until(NOW + 400 * 86_400_000)
    assert not any(record.subjects for record in drive.ledger.holdings.records())
    assert rolled(drive).outcomes == {"deleted": 2}


def test_what_a_hold_or_a_duty_keeps_is_told_apart() -> None:
    kept = policy(limit("keep", 50, bound="minimum", law="GB"), version=2, default="PT200S")
    held = hold(records=("r1",))
    one = rolled(drive_of(ASKED, kept, held, events=two_records()))
    assert (one.outcomes, one.is_done) == ({"held": 1, "kept": 1}, False)


def test_what_is_refused_says_why_and_what_is_not_meant_is_counted() -> None:
    more = "refused: [{code: LegalClaims, records: [r1]}]"
    late = event("late", at=3_000, collected_at=3_000)
    asked = request(subjects=("s-r1", "s-r2", "s-late"), more=more)
    one = rolled(drive_of(asked, events=(*two_records(), late)))
    assert one.outcomes == {"not meant": 1, "outstanding": 1, "refused: LegalClaims": 1}


@pytest.mark.parametrize(
    ("kind", "state", "answered", "outcome", "done"),
    [
        ("erasure", "received", False, "undecided", False),
        ("restriction", "accepted", False, "outstanding", False),
        ("restriction", "accepted", True, "restricted", True),
        ("erasure", "withdrawn", False, "not meant", True),
        ("access", "received", False, "unanswered", False),
        ("access", "withdrawn", False, "not meant", True),
    ],
)
def test_what_came_of_a_record(
    kind: str, state: str, answered: bool, outcome: str, done: bool
) -> None:
    drive = drive_of(request(kind, state), events=(event(at=1_000),))
    if answered:
        drive.answer_all(at=NOW)
    one = rolled(drive)
    assert (one.outcomes, one.is_done) == ({outcome: 1}, done)


def test_access_is_done_once_the_person_is_answered() -> None:
    late = event("late", at=3_000, collected_at=3_000)
    more = "refused: [{code: LegalClaims, records: [r2]}]"
    who = ("s-r1", "s-r2", "s-late")
    drive = drive_of(request("access", subjects=who, more=more), events=(*two_records(), late))
    open_ = {"not meant": 1, "refused: LegalClaims": 1, "unanswered": 1}
    assert (rolled(drive).outcomes, rolled(drive).is_done) == (open_, False)
    more = f'{more}\nanswered: "1970-01-01T00:00:04Z"'
    drive.give(Part(envelopes=(request("access", subjects=who, version=2, more=more),)))
    answered = {"answered": 2, "refused: LegalClaims": 1}
    assert (rolled(drive).outcomes, rolled(drive).is_done) == (answered, True)


def test_a_withdrawal_counts_once_the_store_has_let_go() -> None:
    drive = drive_of(request("restriction"), events=(event(at=1_000),))
    drive.answer_all(at=NOW)
    drive.give(Part(envelopes=(request("restriction", "withdrawn", version=2),)))
    drive.until(NOW + 1_000)
    assert [c.kind for c in drive.commands] == ["RESTRICT", "RELEASE"]
    assert (rolled(drive).outcomes, rolled(drive).is_done) == ({"outstanding": 1}, False)
    drive.answer_all(at=NOW + 1_000)
    assert (rolled(drive).outcomes, rolled(drive).is_done) == ({"not meant": 1}, True)


def test_what_is_not_decided_is_not_done_though_it_is_restricted() -> None:
    drive = drive_of(request("objection", "received"), events=(event(at=1_000),))
    drive.answer_all(at=NOW)
    assert (rolled(drive).outcomes, rolled(drive).is_done) == ({"undecided": 1}, False)


def test_a_request_that_means_no_record_may_be_mistyped() -> None:
    one = rolled(drive_of(request(subjects=("typo",)), events=(event(at=1_000),)))
    assert (one.records, one.is_done) == (0, False)


def test_what_nobody_can_be_told_of_is_not_done() -> None:
    one = rolled(drive_of(request("restriction"), events=(event(at=1_000, stores=()),)))
    assert (one.outcomes, one.is_done) == ({"outstanding": 1}, False)


def test_a_duty_that_has_ended_keeps_nothing() -> None:
    kept = policy(limit("keep", 3, bound="minimum", law="GB"), version=2, default="PT200S")
    drive = drive_of(ASKED, kept, events=two_records())
    assert rolled(drive).outcomes == {"outstanding": 2}


def test_what_is_held_for_something_else_too_is_told_of() -> None:
    also = event(at=1_000, event_id="e-2", lawful_basis="dpv:Contract")
    asked = request("consent_withdrawal")
    first = event(at=1_000, lawful_basis="dpv:Consent")
    one = rolled(drive_of(asked, events=(first, also)))
    assert (one.outcomes, one.is_done) == ({"in part": 1}, False)


def test_of_several_versions_of_a_row_the_newest_counts_and_a_removed_one_not() -> None:
    drive = drive_of(ASKED, events=two_records())
    before = list(drive.ledger.holdings.records())
    drive.answer_all(at=NOW)
    found = Requests(Planner(drive.ledger.in_force))
    for record in (*drive.ledger.holdings.records(), *before):
        found.take(record)
    found.forget(before[0].record_id)
    (one,) = found.done()
    assert one.outcomes == {"deleted": 1}
