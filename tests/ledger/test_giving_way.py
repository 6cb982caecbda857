"""A deletion that a pause stops does not hide one that another cause calls for."""

import msgspec
import pytest

from pipeline.documents import Envelope
from pipeline.identifiers import RecordId
from pipeline.ledger.parts import Part
from pipeline.vocabulary import ReceiptStatus
from tests.ledger.looks import driven, order, publish, say, withdrawn
from tests.support.build import control, event, policy, request, rule
from tests.support.drive import Drive

A, B = "policy:acme/a", "policy:acme/b"
TWO = policy(rule("a"), rule("b", limit="PT20S"))
PAUSED, RESUMED = control("pause", "rule:acme/a"), control("resume", "rule:acme/a", version=2)


def causes(drive: Drive) -> list[str]:
    return [command.cause for command in drive.deletions]


def given_way(*documents: Envelope, until: int = 22_000) -> Drive:
    """Return a ledger whose deletion under rule a has given way to another."""
    drive = driven(*(documents or (TWO,)))
    publish(drive, PAUSED, until=until)
    return drive


def test_another_rule_that_falls_due_during_the_pause_is_commanded_then() -> None:
    drive = given_way(until=20_999)
    assert causes(drive) == [A]
    drive.until(21_000)
    assert causes(drive) == [A, B]
    assert withdrawn(drive) == [drive.deletions[0].command_id]
    assert drive.commands[-2].kind == "CANCEL"  # so that it waits nowhere when the pause ends
    assert drive.deletions[1].not_before == 21_000


@pytest.mark.parametrize("other", [order(), request()])
def test_what_was_due_under_a_notice_or_request_too_is_commanded_at_once(other: Envelope) -> None:
    drive = driven(policy(rule("a")))
    publish(drive, other, until=12_000)
    assert causes(drive) == [A]
    publish(drive, PAUSED, until=13_000)
    assert len(causes(drive)) == 2
    assert causes(drive)[1].startswith(("notice:", "request:"))


def test_a_rule_that_comes_to_mean_the_record_is_commanded() -> None:
    """What was commanded under the default goes on waiting although the default is over."""
    drive = driven(policy(rule("b"), default="PT5S"), events=(event(at=1_000, purpose=None),))
    assert causes(drive) == ["policy:acme/default"]
    publish(drive, control("pause", "rule:acme/default"), until=12_000)
    drive.give(Part(events=(event(at=11_500, what="updated"),)))
    drive.until(13_000)
    assert causes(drive) == ["policy:acme/default", B]


def test_after_the_pause_the_other_one_stands() -> None:
    drive = given_way()
    assert publish(drive, RESUMED, until=30_000) == []
    drive.answer_all(at=31_000)
    drive.until(40_000)
    assert causes(drive) == [A, B]


def test_both_paused_by_turns_give_way_each_time_under_a_new_id() -> None:
    drive = given_way()
    publish(drive, RESUMED, control("pause", "rule:acme/b"), until=23_000)
    assert causes(drive) == [A, B, A]
    assert len({command.command_id for command in drive.deletions}) == 3


@pytest.mark.parametrize("scope", ["all", "store:images", "rule:acme/c"])
def test_where_nothing_or_everything_is_paused_what_was_commanded_stands(scope: str) -> None:
    drive = driven(TWO)
    assert publish(drive, control("pause", scope), until=30_000) == []
    both = (PAUSED, control("pause", "rule:acme/b"))
    assert publish(drive, *both, until=31_000) == []


@pytest.mark.parametrize("status", ["PENDING", "IN_PROGRESS", "NOT_SUPPORTED", "COMPLETED"])
def test_what_the_store_is_at_or_cannot_do_is_not_said_otherwise(status: str) -> None:
    drive = driven(TWO)
    say(drive, drive.commands[0], status)
    assert publish(drive, PAUSED, until=22_000) == []


@pytest.mark.parametrize("status", ["FAILED", "PARTIAL", "BLOCKED_BY_HOLD"])
def test_what_the_store_did_not_do_is(status: str) -> None:
    assert status in {item.value for item in ReceiptStatus}
    drive = driven(TWO)
    say(drive, drive.commands[0], status)
    assert publish(drive, PAUSED, until=22_000) == ["CANCEL", "DELETE"]


def test_clocks_that_differ_let_nothing_give_way() -> None:
    drive = driven(TWO)
    drive.ledger.commanding = False
    assert publish(drive, PAUSED, until=25_000) == []
    drive.ledger.commanding = True
    drive.until(27_000)
    assert causes(drive) == [A, B]


def test_a_derived_record_asks_its_parents_first() -> None:
    """What was commanded stands until they have answered."""
    drive = Drive()
    derived = msgspec.structs.replace(event(at=1_000), parents=(RecordId("p"),), what="derived")
    drive.give(Part(envelopes=(TWO,), events=(event("p", at=1_000), derived)))
    drive.until(12_000)
    drive.posts = False
    publish(drive, PAUSED, until=25_000)
    mine = [command.cause for command in drive.deletions if command.record_id == "r1"]
    assert mine == [A]
    drive.posts = True
    drive.give(Part(mails=tuple(drive.mails)))
    drive.until(26_000)
    mine = [command.cause for command in drive.deletions if command.record_id == "r1"]
    assert mine == [A, B]
