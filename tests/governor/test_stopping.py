"""Pauses and holds stop what is on its way; what was taken back never leaves."""

import pytest

from pipeline.instants import DAY
from pipeline.ledger.parts import Part
from tests.governor.desk import (
    APPROVE,
    AWAITED,
    DOCUMENTS,
    EXPIRES,
    STATES,
    Desk,
    cancel,
    command,
    commands,
    limited,
)
from tests.support.build import control, hold, policy


@pytest.mark.parametrize("scope", ["all", "store:images", "rule:acme/gb-search"])
def test_a_pause_withholds_and_its_resume_releases(scope: str) -> None:
    desk = Desk(policy(), control("pause", scope))
    assert desk.give(commands("a")) == []
    assert desk.give(Part(envelopes=(control("resume", scope, version=2),))) == ["a"]


def test_erasing_fields_is_withheld_and_counted_as_a_deletion_is() -> None:
    desk = Desk(limited(2), control("pause"))
    assert desk.give(Part(commands=(command("a", kind="REDACT"), command("b")))) == []
    resume = Part(envelopes=(control("resume", version=2),))
    assert desk.give(resume) == ["a", "b"]
    assert desk.give(Part(commands=(command("c", kind="REDACT"),))) == []
    desk.give(Part(envelopes=(hold(records=("record-c",)),)))
    assert desk.give(Part(envelopes=(control("approve", APPROVE),))) == []


@pytest.mark.parametrize("scope", ["store:index", "rule:acme/other"])
def test_a_pause_of_something_else_withholds_nothing(scope: str) -> None:
    assert Desk(policy(), control("pause", scope)).give(commands("a")) == ["a"]


def test_an_approval_does_not_lift_a_pause() -> None:
    desk = Desk(policy(), control("pause"))
    desk.give(commands("a"))
    assert desk.give(Part(envelopes=(control("approve", APPROVE),))) == []


def test_a_pause_in_the_same_delivery_as_a_deletion_stops_it() -> None:
    desk = Desk(policy())
    assert desk.give(Part(envelopes=(control("pause"),), commands=(command("a"),))) == []


@pytest.mark.parametrize("kind", ["RESTRICT", "RELEASE", "CANCEL"])
def test_what_can_be_undone_is_never_withheld_and_never_counted(kind: str) -> None:
    desk = Desk(limited(1), control("pause"))
    several = tuple(command(f"r{number}", kind=kind) for number in range(5))
    assert len(desk.give(Part(commands=several))) == 5
    resume = Part(envelopes=(control("resume", version=2),))
    assert desk.give(commands("a", "b"), resume) == ["a"]


def test_a_pause_that_withholds_here_is_visible() -> None:
    """The ledger saw no pause when it let the command go: only the governor can report it."""
    desk = Desk(policy(), control("pause"))
    desk.give(commands("a"))
    assert desk.reported() == ["WITHHELD"]


def test_a_hold_that_comes_while_a_deletion_waits_for_approval_blocks_it() -> None:
    desk = Desk(limited(1))
    desk.give(commands("a", "b"))
    assert desk.out == ["a"]
    desk.give(Part(envelopes=(hold(records=("record-b",)),)))
    assert desk.give(Part(envelopes=(control("approve", APPROVE),))) == []


def test_the_same_deletion_twice_waits_once() -> None:
    desk = Desk(policy(), control("pause"))
    desk.give(commands("a"), commands("a"))
    assert desk.give(Part(envelopes=(control("resume", version=2),))) == ["a"]


def test_an_approval_given_during_a_pause_counts_once_the_pause_has_ended() -> None:
    desk = Desk(limited(1))
    desk.give(commands(*"abcd"))
    desk.give(Part(envelopes=(control("pause"), control("approve", APPROVE))))
    assert desk.out == ["a"]
    assert desk.give(Part(envelopes=(control("resume", version=2),))) == ["b"]


def test_what_a_pause_withholds_is_not_counted() -> None:
    desk = Desk(limited(), control("pause"))
    desk.give(commands(*"abc"))
    assert desk.give(Part(envelopes=(control("resume", version=2),))) == ["a", "b"]


@pytest.mark.parametrize("kind", ["RESTRICT", "RELEASE", "CANCEL"])
def test_under_a_hold_what_can_be_undone_leaves(kind: str) -> None:
    desk = Desk(policy(), hold(records=("record-a",)))
    assert desk.give(Part(commands=(command("a", kind=kind),))) == ["a"]


def test_a_hold_stops_what_is_on_its_way_visibly_and_its_release_lets_it_go() -> None:
    desk = Desk(policy(), hold(records=("record-a",)))
    assert desk.give(commands("a", "b")) == ["b"]
    assert "by a hold" in desk.findings[0].what
    released = hold(records=("record-a",), version=2, state="released")
    assert desk.give(Part(envelopes=(released,))) == ["a"]


# -- what is taken back ----------------------------------------------------------------------------


def test_a_cancel_lets_what_waits_go_nowhere_and_leaves_itself() -> None:
    desk = Desk(policy(), control("pause"))
    desk.give(commands("a", "b"))
    assert desk.give(Part(commands=(cancel("a"),))) == ["A"]
    assert desk.waiting == 1
    assert desk.give(Part(envelopes=(control("resume", version=2),))) == ["b"]


def test_a_cancel_of_what_has_left_leaves_too() -> None:
    desk = Desk(policy())
    assert desk.give(commands("a"), Part(commands=(cancel("a"),))) == ["a", "A"]


@pytest.mark.parametrize("folded", [False, True])
def test_a_cancel_that_comes_before_what_it_takes_back_stops_it(folded: bool) -> None:
    """Of two messages the later may come first."""
    desk = Desk(policy())
    assert desk.give(Part(commands=(cancel("a"),))) == ["A"]
    if folded:
        desk.fold()
    assert desk.give(commands("a", "b")) == ["b"]
    assert desk.ticks(EXPIRES - 1) == [[]]


def test_a_cancel_in_one_delivery_with_what_it_takes_back_stops_it_in_any_order() -> None:
    for several in ((command("a"), cancel("a")), (cancel("a"), command("a"))):
        assert Desk(policy()).give(Part(commands=several)) == ["A"]


def test_what_a_cancel_stopped_counts_for_nothing() -> None:
    desk = Desk(limited(1))
    desk.give(Part(commands=(cancel("a"),)), commands("a"))
    assert desk.give(commands("b")) == ["b"]


def test_a_withdrawn_deletion_does_not_come_back_with_an_approval() -> None:
    desk = Desk(limited(1))
    desk.give(commands("a", "b"), Part(commands=(cancel("b"),)))
    desk.fold()
    assert desk.give(Part(envelopes=(control("approve", APPROVE),))) == []
    assert desk.ticks(DAY) == [[]]


# -- until every shard obeys ----------------------------------------------------------------------


def test_what_was_withheld_waits_until_every_shard_obeys_the_documents_in_force() -> None:
    """One of them may have made it undue: its shard takes it back before it says that it obeys."""
    desk = Desk(limited(1), ledgers=3)
    desk.give(commands("a", "b"))
    assert desk.out == ["a"]
    assert desk.give(Part(envelopes=(control("approve", APPROVE),))) == []
    assert desk.confirm(0, 2) == []
    assert desk.governor.progress()["governor_unconfirmed_shards"] == 1
    assert desk.confirm(1) == ["b"]


def test_what_a_shard_said_of_former_documents_does_not_count() -> None:
    desk = Desk(policy(), control("pause"), ledgers=2)
    desk.confirm(0, 1)
    desk.give(commands("a"))
    desk.give(Part(envelopes=(control("resume", version=2),)))
    assert desk.confirm(0) == []
    assert desk.give(Part(confirmed=((1, "of before"),))) == []
    assert desk.confirm(1) == ["a"]


def test_what_is_taken_back_meanwhile_does_not_leave() -> None:
    desk = Desk(limited(1), ledgers=1)
    desk.give(commands("a", "b"), Part(envelopes=(control("approve", APPROVE),)))
    assert desk.give(Part(commands=(cancel("b"),))) == ["B"]
    assert desk.confirm(0) == []


def test_what_is_commanded_meanwhile_leaves() -> None:
    """Its shard has just looked at it under the documents that it knows."""
    assert Desk(policy(), ledgers=2).give(commands("a")) == ["a"]


def test_a_fold_forgets_no_confirmation() -> None:
    desk = Desk(limited(1), ledgers=2)
    desk.give(commands("a", "b"), Part(envelopes=(control("approve", APPROVE),)))
    desk.confirm(0)
    desk.fold()
    assert desk.confirm(1) == ["b"]


@pytest.mark.parametrize("kind", ["RESTRICT", "RELEASE", "CANCEL"])
def test_what_can_be_undone_waits_for_history_and_for_no_shard(kind: str) -> None:
    desk = Desk(policy(), awaited=AWAITED, ledgers=2)
    desk.give(Part(commands=(command("a", kind=kind), command("b"))))
    assert desk.give(Part(spans=(DOCUMENTS, STATES))) == ["a"]
    assert desk.confirm(0, 1) == ["b"]
