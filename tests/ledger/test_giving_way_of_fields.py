"""What a pause holds back gives way to the erasure of fields, and of fields to more."""

from tests.ledger import files
from tests.ledger.files import NOTE, PASSPORT, PHOTO, file, keep
from tests.ledger.looks import publish
from tests.ledger.test_giving_way import PAUSED, RESUMED, A, B, causes
from tests.support.build import control, policy, request, rule
from tests.support.drive import Drive

HOME, FOREIGN = "GB", "US"
BOTH_PAUSED = (PAUSED, control("pause", "rule:acme/b"))


def under(law: str, name: str, limit: str) -> str:
    """Return a rule of a law, in YAML; a duty of British law keeps nothing from a foreign one."""
    return rule(name, limit=limit).replace("article:", f"jurisdiction: {law}, article:")


def kept(*rules: str) -> Drive:
    """Return a ledger that has had fields erased under rule a; a duty keeps the passport."""
    drive = files.driven(policy(*rules, keep()), events=(file(PASSPORT, PHOTO, NOTE),))
    assert [command.cause for command in drive.commands if command.kind == "REDACT"] == [A]
    return drive


def test_erasing_fields_gives_way_too() -> None:
    drive = kept(rule("a"), rule("b", limit="PT20S"))
    assert publish(drive, PAUSED, until=20_500) == []
    assert publish(drive, until=21_500) == ["CANCEL", "REDACT"]
    assert drive.commands[-1].cause == B
    assert drive.commands[-1].fields == ("note", "photo")


def test_a_deletion_gives_way_to_the_erasure_of_what_no_duty_keeps() -> None:
    both = under(FOREIGN, "a", "PT10S"), under(HOME, "b", "PT20S")
    drive = files.driven(policy(*both, keep()), events=(file(PASSPORT, PHOTO),))
    assert causes(drive) == [A]
    publish(drive, PAUSED, until=22_000)
    assert [(one.kind, one.fields) for one in drive.commands[-3:]] == [
        ("CANCEL", ()), ("RESTRICT", ()), ("REDACT", ("photo",)),
    ]  # fmt: skip
    publish(drive, until=40_000)
    assert [one.kind for one in drive.commands].count("CANCEL") == 1
    assert publish(drive, RESUMED, until=41_000) == ["DELETE"]


def waiting(*more: str) -> Drive:
    """Return a ledger whose erasure of the photo under b and deletion under a are both paused."""
    both = under(HOME, "b", "PT10S"), under(FOREIGN, "a", "PT15S")
    documents = policy(*both, *more, keep(limit="P300D"))
    drive = files.driven(documents, events=(file(PASSPORT, PHOTO),), until=16_500)
    assert publish(drive, *BOTH_PAUSED, until=17_000) == []
    return drive


def test_an_erasure_and_a_deletion_that_both_wait_give_way_in_one_look() -> None:
    """What is taken back goes out for the other cause then, not at the next finding."""
    drive = waiting()
    assert publish(drive, request(), until=18_000) == ["CANCEL", "CANCEL", "REDACT"]
    assert drive.commands[-1].cause == "request:dsr-1/erasure"


def test_both_wait_until_another_rule_wants_the_fields() -> None:
    drive = waiting(under(HOME, "c", "PT20S"))
    assert publish(drive, until=20_900) == []
    assert publish(drive, until=22_000) == ["CANCEL", "CANCEL", "REDACT"]


def test_what_a_deletion_covers_gives_way_to_nothing() -> None:
    """No other REDACT would be issued while the deletion stands."""
    drive = waiting()
    publish(drive, control("resume", "rule:acme/a", version=2), until=17_500)
    assert publish(drive, request(), until=18_000) == []
