"""A store obeys what was cancelled: a finding unless nothing was lost that was to be kept."""

import pytest

from pipeline.documents import Envelope
from pipeline.instants import DAY
from tests.ledger import files
from tests.ledger.files import NOTE, PASSPORT, PHOTO, file, keep
from tests.ledger.looks import HELD, found, publish, say
from tests.ledger.test_giving_way import PAUSED, RESUMED, given_way
from tests.ledger.test_giving_way_of_fields import FOREIGN, HOME, kept, under
from tests.support.build import control, policy, rule
from tests.support.drive import Drive

TOO_LATE = "DELETED_DESPITE_CANCEL"


def obeyed(drive: Drive, kind: str, at: int) -> bool:
    """Let the store obey the first command of a kind; return whether data was lost."""
    first = next(command for command in drive.commands if command.kind == kind)
    say(drive, first, "COMPLETED", at=at)
    return TOO_LATE in found(drive)


def test_what_gave_way_to_another_deletion_was_not_to_be_kept() -> None:
    assert not obeyed(given_way(), "DELETE", 23_000)


def test_unless_a_hold_has_come() -> None:
    drive = given_way()
    publish(drive, HELD, until=23_000)
    assert obeyed(drive, "DELETE", 24_000)


def test_nor_where_the_other_has_given_way_in_its_turn() -> None:
    drive = given_way()
    publish(drive, RESUMED, control("pause", "rule:acme/b"), until=23_000)
    assert not obeyed(drive, "DELETE", 23_500)


def test_nor_where_the_other_has_expired() -> None:
    drive = given_way()
    drive.until(32 * DAY)
    assert "EXPIRED" in found(drive)
    assert not obeyed(drive, "DELETE", 32 * DAY)


def test_nor_where_fields_gave_way_to_the_same_fields() -> None:
    drive = kept(rule("a"), rule("b", limit="PT20S"))
    publish(drive, PAUSED, until=22_000)
    assert not obeyed(drive, "REDACT", 23_000)


def test_a_deletion_that_gave_way_to_an_erasure_of_fields_has_destroyed_the_rest() -> None:
    both = under(FOREIGN, "a", "PT10S"), under(HOME, "b", "PT20S")
    drive = files.driven(policy(*both, keep()), events=(file(PASSPORT, PHOTO),))
    assert publish(drive, PAUSED, until=22_000) == ["CANCEL", "REDACT", "RESTRICT"]
    assert obeyed(drive, "DELETE", 23_000)


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        pytest.param(
            "DELETE",
            policy(under(FOREIGN, "a", "PT10S"), under(HOME, "b", "PT11S"), keep()),
            policy(under(HOME, "b", "PT11S"), keep(), version=2),
            id="the rule is gone, of another law, which no duty bound",
        ),
        pytest.param(
            "REDACT",
            policy(rule("a"), rule("b", limit="PT11S"), keep()),
            policy(rule("b", limit="PT11S"), keep(), keep("names", "pd:Name"), version=2),
            id="a new duty keeps one of the fields",
        ),
    ],
)
def test_what_another_cause_erases_in_the_same_look_excuses_no_more_than_that(
    kind: str, before: Envelope, after: Envelope
) -> None:
    drive = files.driven(before, events=(file(PASSPORT, PHOTO, NOTE),), until=13_000)
    told = publish(drive, after, until=14_000)
    assert {"CANCEL", "REDACT"} <= set(told)
    assert obeyed(drive, kind, 14_500)


def test_many_pauses_cost_no_more_than_a_few() -> None:
    """Two erasures give way to two others and back; each cancel was looked at for each before."""
    rules = [
        under(law, name, limit)
        for law, names in ((HOME, "ab"), (FOREIGN, "cd"))
        for name, limit in zip(names, ("PT10S", "PT11S"), strict=True)
    ]
    duties = keep(), keep("names", "pd:Name", law=FOREIGN)
    drive = files.driven(policy(*rules, *duties), events=(file(PASSPORT, PHOTO, NOTE),))
    first = next(command for command in drive.commands if command.kind == "REDACT")
    for turn in range(1, 60):
        pauses = ("ac", "bd") if turn % 2 else ("bd", "ac")
        stopped = [control("pause", f"rule:acme/{name}", version=turn) for name in pauses[0]]
        resumed = [control("resume", f"rule:acme/{name}", version=turn) for name in pauses[1]]
        publish(drive, *stopped, *resumed, until=12_000 + turn * 1_000)
    assert [command.kind for command in drive.commands].count("CANCEL") > 50
    say(drive, first, "COMPLETED", at=80_000)
