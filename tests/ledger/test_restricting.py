"""What may not be deleted yet and not be used any more: restriction by a minimum or a hold."""

from pipeline.documents import enveloped
from pipeline.instants import HOUR
from pipeline.ledger.due import Due
from pipeline.ledger.parts import Part
from tests.ledger.looks import HELD, answer, driven, look, minimum, order, record
from tests.support.build import event, policy, rule

KEPT = policy(rule(), minimum(limit="PT1H"))
UNSTARTED = minimum(clock="relationship_ended")


def kinds(due: Due) -> list[str]:
    return [command.kind for command in due.commands]


def test_a_restriction_by_a_minimum_must_be_obeyed_by_the_limit_and_not_by_its_end() -> None:
    [command] = look(record(), 11_000, KEPT).commands
    assert (command.kind, command.cause) == ("RESTRICT", "policy:acme/keep")
    assert (command.not_before, command.complete_by, command.issued_at) == (11_000,) * 3


def test_it_is_restricted_as_early_as_its_deletion_would_have_gone_out() -> None:
    text = KEPT.text.replace("images: {lead: PT0S}", "images: {lead: PT4S}")
    led = enveloped("policies", text, "counsel")
    early = look(record(), 6_999, led)
    assert (early.commands, early.wake) == ((), 7_000)
    [command] = look(record(), 7_000, led).commands
    assert (command.kind, command.issued_at, command.complete_by) == ("RESTRICT", 7_000, 11_000)


def test_a_deletion_that_a_minimum_held_back_must_be_obeyed_by_its_end() -> None:
    end = 1_000 + HOUR
    before = look(record(), end - 1, KEPT)
    assert (kinds(before), before.wake) == (["RESTRICT"], end)
    [deletion] = look(record(), end, KEPT).commands
    assert (deletion.kind, deletion.not_before, deletion.complete_by) == ("DELETE", end, end)


def test_one_reason_to_restrict_is_enough() -> None:
    known = look(record(), 11_000, KEPT).record
    assert look(known, 12_000, KEPT, HELD).commands == ()
    held = look(record(), 11_000, policy(), HELD).record
    assert look(held, 12_000, KEPT, HELD).commands == ()


def test_a_minimum_that_has_not_begun_is_a_finding_and_restricts() -> None:
    due = look(record(), 11_000, policy(rule(), UNSTARTED))
    assert kinds(due) == ["RESTRICT"]
    [item] = due.findings
    assert item.kind == "HELD_PAST_LIMIT"
    assert "policy:acme/keep" in item.what
    assert item.occasion == "acme 1", "under another policy it is told again"
    assert look(record(), 11_000, KEPT).findings == ()


def test_what_a_minimum_that_has_not_begun_keeps_is_deleted_when_it_has_begun_and_ended() -> None:
    drive = driven(policy(rule(), UNSTARTED), until=20_000)
    assert [command.kind for command in drive.commands] == ["RESTRICT"]
    ended = event(at=15_000, what="relationship_ended")
    drive.give(Part(events=(ended,)))
    drive.until(15_000 + HOUR - 1)
    assert drive.deletions == []
    drive.until(15_000 + HOUR)
    assert len(drive.deletions) == 1


def test_where_one_reason_to_restrict_goes_and_another_remains_it_is_never_usable() -> None:
    known = answer(look(record(), 5_000, KEPT, order(delete=80_000)).record, 5_500)
    due = look(known, 30_000, KEPT)
    assert [(command.kind, command.cause) for command in due.commands] == [
        ("RELEASE", "notice:ico-1/stop"),
        ("RESTRICT", "policy:acme/keep"),
    ]
